#include "actors/verify/place.hpp"

#include <algorithm>

namespace millrace::verify {

using postgres::column_type;

namespace {

bool is_text(column_type x) {
  using enum column_type;
  return x == text || x == varchar || x == bpchar || x == enumeration;
}

std::string percent_encoded(std::string_view text) {
  std::string out;
  for (auto c : text)
    if (c == ':')
      out += "%3A";
    else if (c == '%')
      out += "%25";
    else
      out += c;
  return out;
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }

bool only(std::string_view text, std::string_view allowed) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [&](char c) {
    return is_digit(c) || allowed.find(c) != allowed.npos;
  });
}

/// Returns true if a value of the output could be written like this.
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

std::string to_text(const place& x) { return x.member ? x.key + " → " + *x.member : x.key; }

std::uint64_t hash_of(const place& x) {
  auto whole = x.key;
  if (x.member)
    whole += '\0' + *x.member;
  return std::hash<std::string>{}(whole);
}

std::optional<std::string> render(const name_template& by, const std::vector<output_column>& outputs,
                                  const text_row& row) {
  std::string out;
  for (auto& x : by.pieces) {
    if (!x.output) {
      out += x.literal;
      continue;
    }
    auto& value = row.at(*x.output);
    if (!value)
      return std::nullopt;
    out += by.encode && is_text(outputs.at(*x.output).type) ? percent_encoded(*value) : *value;
  }
  return out;
}

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

std::vector<std::size_t> fields_of(const figure_plan& figure) {
  std::vector<std::size_t> out;
  for (std::size_t i = 0; i < figure.outputs.size(); ++i) {
    auto& pieces = figure.place.key.pieces;
    if (std::none_of(pieces.begin(), pieces.end(), [&](auto& x) { return x.output == i; }))
      out.push_back(i);
  }
  return out;
}

bool could_own(const figure_plan& figure, std::string_view member) {
  switch (figure.place.what) {
  case target_kind::string:
  case target_kind::json:
    return true;
  case target_kind::hash: {
    auto fields = fields_of(figure);
    return std::any_of(fields.begin(), fields.end(),
                       [&](auto i) { return figure.outputs[i].name == member; });
  }
  case target_kind::hash_field:
  case target_kind::zset:
    return could_be(figure.place.member, figure.outputs, member);
  }
  return false;
}

} // namespace millrace::verify
