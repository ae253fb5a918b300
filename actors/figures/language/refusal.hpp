#pragma once

/// Why and where a figure is refused, for the user to read.

#include <string>
#include <string_view>

namespace millrace {

struct refusal {
  std::string file;
  int line = 0;        ///< from 1; 0: the whole file
  int column = 0;      ///< in characters, from 1
  std::string message; ///< what isn't supported
  std::string advice;  ///< what to write instead; can be empty
  std::string source_line;
};

/// Returns file:line:column, the message, the source line, a caret and the advice, safe for a terminal.
std::string to_text(const refusal&);

/// A file's text. Finds the line and column of each byte.
struct source_file {
  std::string name;
  std::string text;
  refusal at(std::size_t byte, std::string message, std::string advice = {}) const;
  /// Returns the number of the byte's line, from 1.
  int line_of(std::size_t byte) const;
  /// Returns "file:line".
  std::string place(std::size_t byte) const;
};

/// Thrown while a figure is parsed and planned. It is caught once per figure, so that all figures'
/// refusals are reported together. `at` is a byte of the figure's SQL, or of its target line.
struct figure_refused {
  int at = 0;
  std::string message;
  std::string advice;
  bool in_target = false;
};

/// Returns the byte offset of a character in UTF-8 text. `position` counts from 1.
std::size_t byte_of_character(std::string_view text, int position);

} // namespace millrace
