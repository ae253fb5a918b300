#pragma once

/// Why a figure is refused, and where: what a user reads.

#include <string>
#include <string_view>

namespace millrace {

struct refusal {
  std::string file;
  int line = 0;        ///< from 1; 0 = the file as a whole
  int column = 0;      ///< in characters, from 1
  std::string message; ///< what isn't possible
  std::string advice;  ///< what to write instead; may be empty
  std::string source_line;
};

/// Returns file:line:column and the message, the line, a caret, the advice; safe to print.
std::string to_text(const refusal&);

/// A file's text, which knows the line and column of each of its bytes.
struct source_file {
  std::string name;
  std::string text;
  refusal at(std::size_t byte, std::string message, std::string advice = {}) const;
  /// Returns the number of the byte's line, from 1.
  int line_of(std::size_t byte) const;
  /// Returns "file:line".
  std::string place(std::size_t byte) const;
};

/// Thrown where a figure is taken apart and caught once per figure, so that all
/// figures' refusals come at once. `at` is a byte of the figure's own SQL, or of
/// its target line.
struct figure_refused {
  int at = 0;
  std::string message;
  std::string advice;
  bool in_target = false;
};

/// Returns the byte of the `position`th character (from 1) of UTF-8 text.
std::size_t byte_of_character(std::string_view text, int position);

} // namespace millrace
