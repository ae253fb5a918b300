#include "actors/sources/debezium/column_decoder.hpp"

#include "actors/figures/values/base64.hpp"
#include "actors/figures/values/calendar.hpp"
#include "actors/figures/values/decimal_text.hpp"
#include "actors/figures/values/text.hpp"
#include "actors/figures/values/text_values.hpp"
#include "actors/figures/values/time_text.hpp"

#include <algorithm>
#include <charconv>

namespace millrace {

namespace {

namespace json = simdjson::ondemand;
using postgres::column_type;

/// A double represents every integer up to this one exactly: 15 digits.
constexpr std::int64_t exact_in_double = 1'000'000'000'000'000;

/// The most characters of a value that a message shows.
constexpr std::size_t shown = 60;

[[noreturn]] void refuse(const postgres::column& of, const std::string& expected, std::string_view found) {
  while (!found.empty() && found.back() <= ' ')
    found.remove_suffix(1);
  throw undecodable("column " + of.name + " (" + of.type_name + "): expected " + expected + ", found "
                    + excerpt(found));
}

std::string_view trimmed(std::string_view token) {
  while (!token.empty()
         && (token.back() == ' ' || token.back() == '\n' || token.back() == '\r' || token.back() == '\t'))
    token.remove_suffix(1);
  return token;
}

std::string_view text_in(json::value& x, const postgres::column& of, const char* expected) {
  if (x.type() != json::json_type::string)
    refuse(of, expected, x.raw_json_token());
  return x.get_string();
}

std::int64_t integer_in(json::value& x, const postgres::column& of, const char* expected) {
  std::int64_t out = 0;
  if (x.type() != json::json_type::number || x.get_int64().get(out) != simdjson::SUCCESS)
    refuse(of, expected, x.raw_json_token());
  return out;
}

// ---- numeric(p,s) with p <= 18

std::optional<decimal> decimal_in(std::string_view text, const postgres::column& of, const wire_form& form) {
  if (!form.base64_decimal)
    return decimal_from_text(text);
  if (!form.scale)
    refuse(of, "a number whose scale the record tells (use decimal.handling.mode=string)", text);
  return decimal_from_base64(text, *form.scale);
}

value exact_numeric(std::string_view text, const postgres::column& of, const wire_form& form) {
  if (!form.base64_decimal) {
    if (text == "NAN" || text == "NaN")
      return not_a_number{};
    if (auto x = scaled_from_text(text, of.scale))
      return *x;
  } else if (auto x = decimal_in(text, of, form)) {
    if (auto fits = scaled(*x, of.scale))
      return *fits;
  }
  refuse(of, "a number of at most 18 digits", text);
}

/// decimal.handling.mode=double: the shortest text of a double is the original number if it has at most 15
/// digits.
value rounded_numeric(std::string_view token, const postgres::column& of) {
  auto x = scaled_from_text(token, of.scale);
  if (!x || *x >= exact_in_double || *x <= -exact_in_double)
    refuse(of, "a number that a double carries exactly (use decimal.handling.mode=string)", token);
  return *x;
}

// ---- numeric of any other precision: the text that PostgreSQL prints

std::string special_numeric(std::string_view text) {
  if (text == "NAN" || text == "NaN")
    return "NaN";
  if (text == "POSITIVE_INFINITY" || text == "Infinity")
    return "Infinity";
  if (text == "NEGATIVE_INFINITY" || text == "-Infinity")
    return "-Infinity";
  return {};
}

/// Returns all digits of the column's scale, as PostgreSQL prints them. Debezium adds 2048 to a negative
/// scale.
std::string decimal_as_text(std::optional<decimal> x, const postgres::column& of, std::string_view found) {
  if (x && of.precision > 0)
    x = rescaled(std::move(*x), std::max(of.scale, 0));
  if (!x)
    refuse(of, "a number", found);
  return plain_text(*x);
}

/// precise: {"scale": 2, "value": base64}. Debezium has already removed trailing zeros.
std::string variable_scale(json::object x, const postgres::column& of) {
  std::int64_t scale = x["scale"];
  std::string_view digits = x["value"];
  if (scale < -most_whole_digits || scale > most_fraction_digits)
    refuse(of, "a number with a scale that numeric has", std::to_string(scale));
  return decimal_as_text(decimal_from_base64(digits, static_cast<int>(scale)), of, digits);
}

std::string free_numeric_text(std::string_view text, const postgres::column& of, const wire_form& form) {
  if (!form.base64_decimal)
    if (auto special = special_numeric(text); !special.empty())
      return special;
  return decimal_as_text(decimal_in(text, of, form), of, text);
}

std::string free_numeric(json::value& x, const postgres::column& of) {
  if (x.type() == json::json_type::object)
    return variable_scale(x.get_object(), of);
  auto token = trimmed(x.raw_json_token());
  auto number = decimal_from_text(token);
  if (number && number->digits.size() > 15)
    refuse(of, "a number that a double carries exactly (use decimal.handling.mode=string)", token);
  return decimal_as_text(number, of, token);
}

value numeric(json::value& x, const postgres::column& of, const wire_form& form) {
  if (x.type() == json::json_type::number)
    return rounded_numeric(trimmed(x.raw_json_token()), of);
  return exact_numeric(text_in(x, of, "a number"), of, form);
}

// ---- real and double precision

template <class T>
std::string float_text(json::value& x, const postgres::column& of) {
  if (x.type() == json::json_type::string) {
    auto text = special_numeric(x.get_string());
    if (text.empty())
      refuse(of, "a number, NaN or Infinity", x.raw_json_token());
    return text;
  }
  auto token = trimmed(x.raw_json_token());
  T number{};
  auto [end, code] = std::from_chars(token.data(), token.data() + token.size(), number);
  if (code != std::errc{} || end != token.data() + token.size())
    refuse(of, "a number", token);
  if constexpr (sizeof(T) == sizeof(double))
    return text_of_double(number);
  else
    return text_of_float(number);
}

// ---- dates and times

/// Returns infinity for what Debezium writes for infinite dates. From the stream, it writes the WAL's
/// number, counted from 1970 in 32 bits. From a snapshot, it writes the driver's milliseconds as days, cut
/// to 32 bits. PostgreSQL has no date before 4713 BC, so neither is a valid date. Kafka Connect's time
/// zone can shift the driver's by a day.
std::optional<std::int64_t> infinite_days(std::int64_t days) {
  auto x = static_cast<std::int32_t>(days);
  if (x == -2147472692 || (x >= -622191235 && x <= -622191233))
    return plus_infinity;
  if (x == -2147472691 || (x >= -625821273 && x <= -625821271))
    return minus_infinity;
  return std::nullopt;
}

value date_of(std::int64_t days, const postgres::column& of) {
  constexpr auto first = days_from_civil({-4713, 11, 24});
  constexpr auto last = days_from_civil({5874897, 12, 31});
  if (days >= first && days <= last)
    return days;
  if (auto infinite = infinite_days(days))
    return *infinite;
  refuse(of, "a date that PostgreSQL has", std::to_string(days) + " days since 1970");
}

/// The driver's numbers for infinity, which Debezium writes in the column's unit. The first one also means
/// 294247-01-10 04:00:25.2, and nothing distinguishes the two.
constexpr std::int64_t driver_plus_infinity_ms = 9223372036825200;
constexpr std::int64_t driver_minus_infinity_ms = -9223372036832400;

/// PostgreSQL has timestamps that don't fit into 64 bits. Debezium writes them as the last number of 64
/// bits, or they wrap to the first numbers, before PostgreSQL's earliest timestamp.
value timestamp_of(std::int64_t microseconds, const postgres::column& of) {
  constexpr auto first = days_from_civil({-4713, 11, 24}) * microseconds_per_day;
  if (microseconds >= first && microseconds != plus_infinity)
    return microseconds == driver_plus_infinity_ms * 1000 ? plus_infinity : microseconds;
  if (microseconds == driver_minus_infinity_ms * 1000)
    return minus_infinity;
  refuse(of, "a timestamp up to 294247-01-10 04:00:54.775806, as far as Debezium's microseconds go",
         std::to_string(microseconds) + " microseconds since 1970");
}

std::int64_t in_microseconds(std::int64_t x, std::optional<time_unit> unit, const postgres::column& of) {
  std::int64_t out = 0;
  if (!unit)
    refuse(of, "a time whose unit the schema tells", std::to_string(x));
  switch (*unit) {
  case time_unit::millisecond:
    if (__builtin_mul_overflow(x, std::int64_t{1000}, &out))
      refuse(of, "a timestamp up to 294247-01-10 04:00:54.775806, as far as figures go",
             std::to_string(x) + " milliseconds since 1970");
    return out;
  case time_unit::microsecond:
    return x;
  case time_unit::nanosecond:
    if (x == plus_infinity || x == minus_infinity)
      return (x > 0 ? driver_plus_infinity_ms : driver_minus_infinity_ms) * 1000;
    return floor_div(x, 1000);
  default:
    refuse(of, "a time whose unit the schema tells", std::to_string(x));
  }
}

std::int64_t parsed(std::optional<std::int64_t> x, const postgres::column& of, const char* expected,
                    std::string_view text) {
  if (!x)
    refuse(of, expected, text);
  return *x;
}

/// Only timestamptz has the text "infinity". For timestamp, isostring writes the driver's number as a date.
value timestamp_of_text(std::string_view text, const postgres::column& of) {
  auto x = parsed(microseconds_from_iso(text), of,
                  "a timestamp up to 294247-01-10 04:00:54.775806, as far as figures go", text);
  if (of.type == column_type::timestamptz)
    return x;
  return timestamp_of(x, of);
}

value time_value(json::value& x, const postgres::column& of, const wire_form& form) {
  if (x.type() == json::json_type::string) {
    std::string_view text = x.get_string();
    if (of.type == column_type::date)
      return date_of(parsed(days_from_iso(text), of, "a date", text), of);
    if (of.type == column_type::time)
      return parsed(time_of_day_from_iso(text), of, "a time", text);
    return timestamp_of_text(text, of);
  }
  auto number = integer_in(x, of, "an integer or a text in ISO 8601");
  if (of.type == column_type::date)
    return date_of(number, of);
  if (form.unit == time_unit::millisecond && of.fraction > 3)
    refuse(of, "all digits of the fraction (use time.precision.mode=adaptive)", "milliseconds by the schema");
  auto microseconds = in_microseconds(number, form.unit, of);
  return of.type == column_type::time ? value(microseconds) : timestamp_of(microseconds, of);
}

// ---- bytea

std::string bytes(std::string_view text, const postgres::column& of, const wire_form& form) {
  if (form.text)
    refuse(of, "bytes (binary.handling.mode=bytes)", "a string by the record's schema");
  auto content = from_base64(text);
  if (!content)
    refuse(of, "base64", text);
  constexpr std::string_view hex = "0123456789abcdef";
  std::string out = "\\x";
  out.reserve(2 + 2 * content->size());
  for (unsigned char byte : *content)
    (out += hex[byte >> 4]) += hex[byte & 15];
  return out;
}

/// Decodes a row that Millrace read: the text is PostgreSQL's own.
value printed_value(json::value& x, const postgres::column& of) {
  std::string_view text = text_in(x, of, "a text of PostgreSQL's");
  auto out = value_from_text(text, of);
  if (!out)
    throw undecodable(out.why().message);
  return std::move(*out);
}

/// Decodes a text of a type whose values records can leave out.
value text_value(std::string_view text, const postgres::column& of, const wire_form& form) {
  switch (of.type) {
  case column_type::bytea:
    return bytes(text, of, form);
  case column_type::numeric_unscaled:
    return free_numeric_text(text, of, form);
  default:
    return std::string(text);
  }
}

/// In nanoseconds, Debezium writes null for times outside 1677 to 2262.
value null_of(const postgres::column& of, const wire_form& form) {
  if (form.unit == time_unit::nanosecond && of.type == column_type::timestamp)
    refuse(of, "NULL told from dates before 1677 or after 2262 (use time.precision.mode=adaptive)", "null");
  return null_value{};
}

} // namespace

std::string excerpt(std::string_view text) {
  return std::string(text.substr(0, shown)) + (text.size() > shown ? "..." : "");
}

placeholder_form placeholder_of(const postgres::column& of) {
  return of.type == column_type::bytea ? placeholder_form::bytes : placeholder_form::text;
}

value decode_suspect(std::string_view text, const postgres::column& of, const wire_form& form) {
  return text_value(text, of, form);
}

std::optional<value> decode_column(json::value x, const postgres::column& of, const wire_form& form,
                                   std::string& suspect) {
  if (x.is_null())
    return null_of(of, form);
  if (form.postgres)
    return printed_value(x, of);
  switch (of.type) {
  case column_type::smallint:
  case column_type::integer:
  case column_type::bigint:
    return integer_in(x, of, "an integer");
  case column_type::boolean: {
    bool yes = false;
    if (x.get_bool().get(yes) != simdjson::SUCCESS)
      refuse(of, "true or false", x.raw_json_token());
    return std::int64_t{yes};
  }
  case column_type::numeric:
    return numeric(x, of, form);
  case column_type::real:
    return float_text<float>(x, of);
  case column_type::double_precision:
    return float_text<double>(x, of);
  case column_type::date:
  case column_type::timestamp:
  case column_type::timestamptz:
  case column_type::time:
    return time_value(x, of, form);
  case column_type::other:
    refuse(of, "a type that figures know", x.raw_json_token());
  case column_type::numeric_unscaled:
    if (x.type() == json::json_type::object || x.type() == json::json_type::number)
      return free_numeric(x, of);
    [[fallthrough]];
  default: {
    auto text = text_in(x, of, of.type == column_type::bytea ? "base64" : "text");
    if (!may_be_left_out(text, placeholder_of(of)))
      return text_value(text, of, form);
    suspect = text;
    return std::nullopt;
  }
  }
}

} // namespace millrace
