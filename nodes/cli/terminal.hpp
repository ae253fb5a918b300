#pragma once

/// What this process shows to people. Text from elsewhere (a name, a server's
/// error, a value) must not command the terminal that shows it, nor make a line
/// of a log that nobody wrote.

#include <iosfwd>
#include <memory>
#include <streambuf>
#include <string>

namespace millrace {

/// While it lives what is written to a stream goes through visible_lines(). JSON
/// stays JSON. Text waits for its line's end or a flush.
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

/// Sets up the log on stderr: an entry is one line, whatever its text holds.
void set_up_log(const std::string& level);

} // namespace millrace
