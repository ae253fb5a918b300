#pragma once

/// What a command of the shell shows: a table and sentences, for people and programs. Pure.

#include <nlohmann/json.hpp>

#include <cstdint>
#include <string>
#include <vector>

namespace millrace::shell {

/// What a text means. Terminals show it as a colour.
enum class tone : std::uint8_t { plain, good, busy, bad, faint };

/// A part of a row: the text for people, and the value for programs.
struct field {
  std::string text;
  nlohmann::json value;
  tone is = tone::plain;
  bool number = false; ///< aligned to the right
};

field text_field(const std::string& x, tone is = tone::plain);
/// Large numbers have a comma each three digits.
field number_field(std::int64_t x, tone is = tone::plain);
/// Returns a field that has no value: a dash, null.
field no_field();

struct sentence {
  std::string text;
  tone is = tone::plain;
};

/// The answer to a command. In JSON each row is an object with the columns' names.
struct listing {
  std::vector<sentence> before; ///< above the table
  std::vector<std::string> columns;
  std::vector<std::vector<field>> rows;
  std::vector<sentence> after;
  nlohmann::json more = nlohmann::json::object(); ///< only in JSON
  int code = 0;                                   ///< of the process, after `-c`
};

/// How a terminal shows a listing.
struct screen {
  std::size_t width = 0; ///< columns; 0: not a terminal, so nothing is cut
  bool colours = false;
};

/// Returns the listing as text. No text of another system can control the terminal.
std::string in_text(const listing& x, const screen& on);

/// Returns the listing as JSON: {"summary": [...], "rows": [...], "notes": [...]}.
nlohmann::json in_json(const listing& x);

/// Returns the columns that a text takes. A character takes one, East Asian wide ones too.
std::size_t width_of(const std::string& text);

/// Returns the text cut to `width` columns, with an ellipsis if something is cut.
std::string cut(const std::string& text, std::size_t width);

} // namespace millrace::shell
