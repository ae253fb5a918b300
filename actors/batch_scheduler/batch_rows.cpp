#include "actors/batch_scheduler/batch_rows.hpp"

#include <algorithm>

namespace millrace {

namespace {

using postgres::column_type;

/// An alias that no column has: a column of this name would hide the row from row_to_json.
constexpr auto row_alias = "millrace_batch_row";

bool is_encoded(column_type x) {
  return x == column_type::text || x == column_type::varchar || x == column_type::bpchar
         || x == column_type::enumeration;
}

void append_encoded(std::string& to, const std::string& text) {
  for (auto c : text)
    if (c == ':')
      to += "%3A";
    else if (c == '%')
      to += "%25";
    else
      to += c;
}

/// Returns the template with the row's values; nullopt if one is NULL.
std::optional<std::string> fill_in(const name_template& by, const batch_plan& figure,
                                   const postgres::text_row& row) {
  std::string out;
  for (auto& x : by.pieces) {
    if (!x.output) {
      out += x.literal;
      continue;
    }
    auto& value = row.at(*x.output);
    if (!value)
      return std::nullopt;
    if (by.encode && is_encoded(figure.outputs.at(*x.output).type))
      append_encoded(out, *value);
    else
      out += *value;
  }
  return out;
}

bool in_key(const batch_plan& figure, std::size_t output) {
  auto& pieces = figure.place.key.pieces;
  return std::any_of(pieces.begin(), pieces.end(), [&](auto& x) { return x.output == output; });
}

void add_fields(redis::batch_row& to, const batch_plan& figure, const postgres::text_row& row) {
  for (std::size_t i = 0; i < figure.outputs.size(); ++i)
    if (!in_key(figure, i) && row.at(i))
      to.fields.emplace_back(figure.outputs[i].name, *row[i]);
}

/// Returns the text that the place shows. A score that is NaN is no member.
const std::optional<std::string>& shown_of(const batch_plan& figure, const postgres::text_row& row) {
  static const std::optional<std::string> none;
  auto& text = figure.place.what == target_kind::json ? row.back() : row.at(figure.place.shown);
  return figure.place.what == target_kind::zset && text == "NaN" ? none : text;
}

} // namespace

std::string query_of(const batch_plan& figure) {
  if (figure.place.what != target_kind::json)
    return figure.sql;
  std::string alias = row_alias;
  // On its own line, because the query can end in a comment.
  return "SELECT " + alias + ".*, row_to_json(" + alias + ")::text FROM (\n" + figure.sql + "\n) AS " + alias;
}

redis::batch_form form_of(const batch_plan& figure) {
  switch (figure.place.what) {
  case target_kind::hash:
    return redis::batch_form::hash;
  case target_kind::hash_field:
    return redis::batch_form::field;
  case target_kind::zset:
    return redis::batch_form::zset;
  case target_kind::string:
  case target_kind::json:
  case target_kind::alert: // is no batch figure
    break;
  }
  return redis::batch_form::value;
}

std::optional<redis::batch_row> to_row(const batch_plan& figure, const postgres::text_row& row) {
  redis::batch_row out;
  auto key = fill_in(figure.place.key, figure, row);
  auto member = fill_in(figure.place.member, figure, row);
  if (!key || !member)
    return std::nullopt;
  out.where = {std::move(*key), std::move(*member)};
  if (figure.place.what == target_kind::hash)
    add_fields(out, figure, row);
  else if (auto& text = shown_of(figure, row))
    out.fields.emplace_back("", *text);
  return out;
}

} // namespace millrace
