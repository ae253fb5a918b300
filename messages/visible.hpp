#pragma once

/// Text from elsewhere, made safe to read. A name in PostgreSQL may hold any
/// character: one that ends a line, commands a terminal, or turns the direction
/// of writing. Whoever writes a name into a comment of SQL, a line of a log, a
/// terminal or a prompt writes it through here. Pure.

#include <string>
#include <string_view>

namespace millrace {

/// Returns the text in one line: each control character (C0, DEL, C1, line and
/// paragraph separators, marks and overrides of direction) as \n, \t or \u001b,
/// each byte that isn't UTF-8 as \xff. What it returns it returns unchanged.
std::string visible(std::string_view text);

/// The same for text of several lines, which we composed: its newlines and tabs stay.
std::string visible_lines(std::string_view text);

/// Tells whether `visible` would change the text: such a name isn't served.
bool has_controls(std::string_view text);

/// Returns the first byte that isn't UTF-8; npos: all of it is.
std::size_t invalid_utf8(std::string_view text);

} // namespace millrace
