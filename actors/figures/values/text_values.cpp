#include "actors/figures/values/text_values.hpp"

#include "actors/figures/values/decimal_text.hpp"
#include "actors/figures/values/time_text.hpp"

#include <charconv>

namespace millrace {

namespace {

using postgres::column_type;

/// The most characters of a value that a message shows.
constexpr std::size_t shown = 60;

error refused(std::string_view text, const postgres::column& of, const char* expected) {
  auto found = std::string(text.substr(0, shown)) + (text.size() > shown ? "..." : "");
  return error{errc::bad_record,
               "column " + of.name + " (" + of.type_name + "): expected " + expected + ", found " + found};
}

std::optional<std::int64_t> integer_in(std::string_view text) {
  std::int64_t out = 0;
  auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), out);
  return code == std::errc{} && end == text.data() + text.size() ? std::optional(out) : std::nullopt;
}

std::optional<std::int64_t> boolean_in(std::string_view text) {
  return text == "t" || text == "f" ? std::optional<std::int64_t>(text == "t") : std::nullopt;
}

} // namespace

result<value> value_from_text(std::string_view text, const postgres::column& of) {
  auto number = [&](std::optional<std::int64_t> x, const char* expected) -> result<value> {
    if (!x)
      return refused(text, of, expected);
    return value(*x);
  };
  switch (of.type) {
  case column_type::smallint:
  case column_type::integer:
  case column_type::bigint:
    return number(integer_in(text), "an integer");
  case column_type::boolean:
    return number(boolean_in(text), "t or f");
  case column_type::numeric:
    if (text == "NaN")
      return value(not_a_number{});
    return number(scaled_from_text(text, of.scale), "a number of at most 18 digits");
  case column_type::date:
    return number(days_from_postgres(text), "a date");
  case column_type::timestamp:
  case column_type::timestamptz:
    return number(microseconds_from_postgres(text), "a timestamp up to 294247-01-10 04:00:54.775806,"
                                                    " as far as figures go");
  case column_type::time:
    return number(time_of_day_from_postgres(text), "a time");
  case column_type::other:
    return refused(text, of, "a type that figures know");
  default:
    return value(std::string(text));
  }
}

} // namespace millrace
