/// Constants in their column's form. PostgreSQL decides what a literal means: it casts the literal, and
/// this file reads the canonical text.

#include "actors/figures/plan/plan_draft.hpp"
#include "actors/figures/values/decimal_text.hpp"
#include "actors/figures/values/time_text.hpp"

#include <map>
#include <string_view>

namespace millrace {

namespace {

using literal = expression::literal_kind;
using postgres::column_type;

/// Returns the base type's name without a modifier. PostgreSQL converts a literal that it compares with the
/// column to this type.
std::string base_name(const postgres::column& column) {
  switch (column.type) {
  case column_type::smallint:
    return "smallint";
  case column_type::integer:
    return "integer";
  case column_type::bigint:
    return "bigint";
  case column_type::numeric:
  case column_type::numeric_unscaled:
    return "numeric";
  case column_type::boolean:
    return "boolean";
  case column_type::uuid:
    return "uuid";
  case column_type::date:
    return "date";
  case column_type::timestamp:
    return "timestamp";
  case column_type::timestamptz:
    return "timestamptz";
  case column_type::time:
    return "time";
  default:
    return column.type_name;
  }
}

[[noreturn]] void not_of_type(const expression& from, const postgres::column& column) {
  refuse_figure(from.at,
                "'" + from.text + "' can't be compared with the column " + column.name + " of type "
                    + column.type_name,
                "a constant of that type");
}

std::optional<std::int64_t> read_moment(std::string_view text, column_type type) {
  switch (type) {
  case column_type::date:
    return days_from_postgres(text);
  case column_type::time:
    return time_of_day_from_postgres(text);
  default:
    return microseconds_from_postgres(text);
  }
}

/// -12.50 -> -1250, scale 2. At most 18 digits.
std::optional<constant> read_decimal(std::string_view text) {
  if (text == "NaN")
    return constant{not_a_number{}, 0};
  auto number = decimal_from_text(text);
  if (!number || number->scale > 18)
    return std::nullopt;
  auto digits = scaled(*number, number->scale);
  return digits ? std::optional(constant{*digits, number->scale}) : std::nullopt;
}

/// Refuses words such as 'today', whose meaning changes every day.
void refuse_moving_words(const expression& from) {
  std::string lower;
  for (unsigned char c : from.text)
    lower += static_cast<char>(std::tolower(c));
  for (auto word : {"now", "today", "tomorrow", "yesterday", "allballs"})
    if (lower.find(word) != lower.npos)
      refuse_figure(from.at, "'" + from.text + "' moves with the clock",
                    "a date or time written out, or now() - interval '1 day'");
}

/// Refuses a cast to another type than the column's, because it can round.
void check_cast(const expression& from, const postgres::column& column) {
  static const std::map<std::string, column_type> names{
      {"int2", column_type::smallint},       {"int4", column_type::integer},
      {"int8", column_type::bigint},         {"numeric", column_type::numeric},
      {"text", column_type::text},           {"varchar", column_type::varchar},
      {"bool", column_type::boolean},        {"date", column_type::date},
      {"timestamp", column_type::timestamp}, {"timestamptz", column_type::timestamptz},
      {"time", column_type::time},           {"uuid", column_type::uuid}};
  if (from.cast.empty())
    return;
  auto at = names.find(from.cast);
  auto fits =
      at == names.end() ? column.type == column_type::enumeration
      : is_number(column.type)
          ? is_number(at->second) && (from.literal != literal::decimal || at->second == column_type::numeric)
      : is_text(column.type) ? is_text(at->second)
                             : at->second == column.type;
  if (!fits)
    refuse_figure(from.at,
                  "the constant is cast to " + from.cast + ", but the column " + column.name + " is of type "
                      + column.type_name,
                  "the constant without the cast");
}

std::string canonical(const expression& from, const postgres::column& column, const figure_context& with) {
  if (!with.answers.canonical)
    return from.text;
  // PostgreSQL can widen the other side: a comparison with 1.5 converts an integer column to numeric.
  auto type = from.literal != literal::text && is_number(column.type) ? "numeric" : base_name(column);
  auto text = with.answers.canonical(type, from.text);
  if (!text && text.why().code == errc::unavailable)
    throw text.why();
  if (!text)
    refuse_figure(from.at, text.why().message, "a constant of the type " + column.type_name);
  return *text;
}

} // namespace

constant to_constant(const expression& from, const postgres::column& column, const figure_context& with) {
  if (from.what != expression::kind::constant)
    refuse_figure(from.at, "an expression where a constant should stand", "a number, a text, a date");
  if (from.literal == literal::null)
    refuse_figure(from.at, "a comparison with NULL is never true", "IS NULL or IS NOT NULL");
  check_cast(from, column);
  auto of_text = from.literal == literal::text;
  if (is_text(column.type))
    return of_text ? constant{from.text, 0} : (not_of_type(from, column), constant{});
  if (column.type == column_type::boolean ? (!of_text && from.literal != literal::boolean)
                                          : (!of_text && !is_number(column.type)))
    not_of_type(from, column);
  if (of_text)
    refuse_moving_words(from);
  auto text = canonical(from, column, with);
  if (column.type == column_type::uuid || column.type == column_type::enumeration)
    return {text, 0};
  if (column.type == column_type::boolean)
    return {std::int64_t{text.starts_with('t') ? 1 : 0}, 0};
  if (is_number(column.type)) {
    auto number = read_decimal(text);
    if (!number)
      refuse_figure(from.at, "the constant " + text + " has more than 18 digits", "a smaller one");
    return *number;
  }
  auto moment = read_moment(text, column.type);
  if (!moment)
    not_of_type(from, column);
  return {*moment, 0};
}

} // namespace millrace
