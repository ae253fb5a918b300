#pragma once

/// A child process that ends with the test binary at the latest.

#include <filesystem>
#include <string>
#include <sys/types.h>
#include <utility>
#include <vector>

namespace millrace::test {

class process {
 public:
  /// Runs a program with its output in a file.
  process(const std::vector<std::string>& command, const std::filesystem::path& log);
  process(process&& x) noexcept : pid_(std::exchange(x.pid_, 0)) {}
  process& operator=(process&&) = delete;
  ~process() { kill(); }

  /// Kills it (SIGKILL) and waits until it is gone.
  void kill();
  /// Returns the status with which it ended, once it has.
  int wait();

 private:
  pid_t pid_ = 0;
};

} // namespace millrace::test
