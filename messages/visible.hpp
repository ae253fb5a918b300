#pragma once

/// Makes text from other systems safe to print. A name in PostgreSQL can contain any character: one
/// that ends a line, controls a terminal, or reverses the direction of writing. Pass every name
/// through here before you print it in a SQL comment, a log line, a terminal or a prompt. Pure.

#include <string>
#include <string_view>

namespace millrace {

/// Returns the text in one line. Each control character (C0, DEL, C1, line and paragraph
/// separators, direction marks and overrides) becomes \n, \t or \u001b. Each byte that isn't UTF-8
/// becomes \xff. Idempotent.
std::string visible(std::string_view text);

/// The same for our own text of several lines: keeps newlines and tabs.
std::string visible_lines(std::string_view text);

/// Returns whether `visible` would change the text. Such a name isn't supported.
bool has_controls(std::string_view text);

/// Returns the index of the first byte that isn't UTF-8; npos if all bytes are.
std::size_t invalid_utf8(std::string_view text);

} // namespace millrace
