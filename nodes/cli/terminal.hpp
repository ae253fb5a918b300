#pragma once

/// Makes this process's output safe. Text from outside (a name, a server's error, a value) must not
/// control the terminal, and must not add a forged line to a log.

#include "messages/error.hpp"

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

/// Exit codes of the verbs that have the nodes do something. See also complain() and unexpected.hpp.
inline constexpr int exit_done = 0, exit_rejected = 1, exit_not_finished = 3;

/// Prints to stderr why a verb couldn't do its work, and returns its exit code, 2.
int complain(const error& why);
/// Prints to stderr why a verb won't do what was asked, and returns exit_rejected.
int reject(const std::string& why);
int reject(const error& why);

/// Sets up the log on stderr. Each entry is one line, whatever its text contains.
void set_up_log(const std::string& level);

} // namespace millrace
