#include "actors/figures/plan/name_match.hpp"

#include <algorithm>

namespace millrace {

using postgres::column_type;

namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }

bool only(std::string_view text, std::string_view allowed) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [&](char c) {
    return is_digit(c) || allowed.find(c) != allowed.npos;
  });
}

/// Returns whether the text can be a value of the output.
bool could_be_value(const name_template& by, const output_column& output, std::string_view value) {
  using enum column_type;
  switch (output.type) {
  case smallint:
  case integer:
  case bigint:
    return only(value, "-");
  case numeric:
    return value == "NaN" || only(value, "-.");
  case boolean:
    return value == "t" || value == "f";
  case uuid:
    return only(value, "abcdef-");
  case date:
  case timestamp:
  case timestamptz:
  case time:
    return only(value, "-:. +") || value.ends_with("infinity") || value.ends_with(" BC");
  default:
    return !by.encode || value.find(':') == value.npos;
  }
}

bool matches(const name_template& by, std::size_t piece, const std::vector<output_column>& outputs,
             std::string_view rest) {
  if (piece == by.pieces.size())
    return rest.empty();
  auto& x = by.pieces[piece];
  if (!x.output)
    return rest.starts_with(x.literal) && matches(by, piece + 1, outputs, rest.substr(x.literal.size()));
  for (std::size_t length = rest.size() + 1; length-- > 0;)
    if (could_be_value(by, outputs[*x.output], rest.substr(0, length))
        && matches(by, piece + 1, outputs, rest.substr(length)))
      return true;
  return false;
}

} // namespace

bool could_be(const name_template& by, const std::vector<output_column>& outputs, std::string_view name) {
  return matches(by, 0, outputs, name);
}

std::string literal_prefix(const name_template& by) {
  std::string out;
  for (auto& x : by.pieces) {
    if (x.output)
      break;
    out += x.literal;
  }
  return out;
}

bool is_literal(const name_template& by) {
  return std::none_of(by.pieces.begin(), by.pieces.end(), [](auto& x) { return x.output.has_value(); });
}

} // namespace millrace
