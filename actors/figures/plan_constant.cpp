/// Constants in their column's form. What a literal means is PostgreSQL's word:
/// it casts the literal, and its canonical text is read here.

#include "actors/figures/calendar.hpp"
#include "actors/figures/plan_draft.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdio>
#include <map>
#include <string_view>

namespace millrace {

namespace {

using literal = expression::literal_kind;
using postgres::column_type;

/// The base type's name, without a modifier: so does PostgreSQL take a literal
/// that it compares with the column.
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

/// Reads digits from the front; refuses by returning false.
bool take_number(std::string_view& text, std::int64_t& out) {
  auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), out);
  if (failed != std::errc{})
    return false;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return true;
}

bool take(std::string_view& text, char c) {
  if (text.empty() || text.front() != c)
    return false;
  text.remove_prefix(1);
  return true;
}

std::optional<std::int64_t> read_days(std::string_view& text) {
  std::int64_t year = 0, month = 0, day = 0;
  if (!take_number(text, year) || !take(text, '-') || !take_number(text, month) || !take(text, '-')
      || !take_number(text, day) || month < 1 || month > 12 || day < 1 || day > 31)
    return std::nullopt;
  if (text.ends_with(" BC")) {
    year = 1 - year;
    text.remove_suffix(3);
  }
  return days_from_civil({year, static_cast<int>(month), static_cast<int>(day)});
}

/// HH:MM:SS and up to six decimals, in microseconds.
std::optional<std::int64_t> read_time(std::string_view& text) {
  std::int64_t hour = 0, minute = 0, second = 0, fraction = 0;
  if (!take_number(text, hour) || !take(text, ':') || !take_number(text, minute) || !take(text, ':')
      || !take_number(text, second))
    return std::nullopt;
  if (take(text, '.')) {
    auto digits = text.substr(0, text.find_first_not_of("0123456789"));
    auto size = digits.size();
    if (size == 0 || size > 6 || !take_number(text, fraction))
      return std::nullopt;
    for (; size < 6; ++size)
      fraction *= 10;
  }
  return ((hour * 60 + minute) * 60 + second) * microseconds_per_second + fraction;
}

std::optional<std::int64_t> read_moment(std::string_view text, column_type type) {
  if (text == "infinity" && type != column_type::time)
    return plus_infinity;
  if (text == "-infinity" && type != column_type::time)
    return minus_infinity;
  std::optional<std::int64_t> out;
  if (type == column_type::time) {
    out = read_time(text);
  } else if (auto days = read_days(text); days && type == column_type::date) {
    out = days;
  } else if (days) {
    out = *days * microseconds_per_day;
    if (take(text, ' ')) {
      auto time = read_time(text);
      if (!time)
        return std::nullopt;
      *out += *time;
      if (text.ends_with("+00"))
        text.remove_suffix(3);
    }
  }
  return text.empty() ? out : std::nullopt;
}

/// -12.50 -> -1250, scale 2. At most 18 digits.
std::optional<constant> read_decimal(std::string_view text) {
  if (text == "NaN")
    return constant{not_a_number{}, 0};
  auto negative = take(text, '-');
  std::string digits;
  int scale = 0;
  bool point = false;
  for (; !text.empty() && (std::isdigit(static_cast<unsigned char>(text[0])) || text[0] == '.');
       text.remove_prefix(1)) {
    if (text[0] == '.') {
      if (std::exchange(point, true))
        return std::nullopt;
    } else {
      digits += text[0];
      scale += point ? 1 : 0;
    }
  }
  if (digits.empty() || !text.empty())
    return std::nullopt;
  auto first = std::min(digits.find_first_not_of('0'), digits.size() - 1);
  if (digits.size() - first > 18 || scale > 18)
    return std::nullopt;
  std::int64_t number = 0;
  std::from_chars(digits.data(), digits.data() + digits.size(), number);
  return constant{negative ? -number : number, scale};
}

/// 'today' would be another day tomorrow.
void refuse_moving_words(const expression& from) {
  std::string lower;
  for (unsigned char c : from.text)
    lower += static_cast<char>(std::tolower(c));
  for (auto word : {"now", "today", "tomorrow", "yesterday", "allballs"})
    if (lower.find(word) != lower.npos)
      refuse_figure(from.at, "'" + from.text + "' moves with the clock, which comes with a later version",
                    "a date or time written out");
}

/// A cast on the literal must be to what the column is, or it may round.
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
  // PostgreSQL may widen the other side: a comparison with 1.5 makes an integer column numeric.
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
