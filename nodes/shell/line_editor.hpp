#pragma once

/// Reads lines from a terminal, with editing, history and completion by libedit.

#include <optional>
#include <string>
#include <vector>

namespace millrace::shell {

/// At most one exists at a time, because libedit's state is global.
class line_editor {
 public:
  /// `names`: what completes besides commands. The history is in a file of the user's.
  line_editor(std::string prompt, std::vector<std::string> names);
  ~line_editor();
  line_editor(const line_editor&) = delete;
  line_editor& operator=(const line_editor&) = delete;

  /// Returns the next line; nullopt at the end of input (Ctrl-D).
  std::optional<std::string> next();

 private:
  std::string prompt_;
};

} // namespace millrace::shell
