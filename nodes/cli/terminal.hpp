#pragma once

/// Makes this process's output safe. Text from outside (a name, a server's error, a value) must not
/// control the terminal, and must not add a forged line to a log.

#include <iosfwd>
#include <memory>
#include <streambuf>
#include <string>

namespace millrace {

/// While it exists, text written to a stream passes through visible_lines(). JSON stays JSON. Text is
/// buffered until the end of its line or a flush.
class visible_stream {
 public:
  explicit visible_stream(std::ostream& over);
  ~visible_stream();
  visible_stream(const visible_stream&) = delete;
  visible_stream& operator=(const visible_stream&) = delete;

 private:
  class buffer;
  std::ostream& over_;
  std::unique_ptr<buffer> buffer_;
  std::streambuf* before_;
};

/// Sets up the log on stderr. Each entry is one line, whatever its text contains.
void set_up_log(const std::string& level);

} // namespace millrace
