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
  case target_kind::alert:
    break;
  }
  return false;
}

} // namespace millrace::verify
