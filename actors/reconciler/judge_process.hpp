#pragma once

/// A program that judges, as a child process: it has its own memory, and can't take the node with it.

#include "messages/error.hpp"

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace millrace {

/// How a child ended.
struct judgement {
  int exit_code = -1; ///< -1: a signal ended it
  std::string output; ///< what it printed
  std::string error;  ///< and to stderr
};

class judge_process {
 public:
  /// Starts the program with a low priority. It ends with this process, at the latest.
  static result<std::unique_ptr<judge_process>> start(const std::vector<std::string>& command);
  /// Ends the child if it still runs.
  ~judge_process();

  int pid() const { return pid_; }

  /// Returns how it ended; nullopt: it runs. Doesn't wait.
  std::optional<judgement> look();

 private:
  judge_process(int pid, int out, int error) : pid_(pid), out_(out), error_(error) {}

  int pid_;         ///< 0: it has ended
  int out_, error_; ///< files in memory
};

} // namespace millrace
