#include "actors/cdc_router/column_decoder.hpp"

#include "actors/cdc_router/base64.hpp"
#include "actors/figures/calendar.hpp"
#include "actors/figures/decimal_text.hpp"
#include "actors/figures/text.hpp"
#include "actors/figures/time_text.hpp"

#include <charconv>

namespace millrace {

namespace {

namespace json = simdjson::ondemand;
using postgres::column_type;

constexpr std::string_view placeholder = "__debezium_unavailable_value";
constexpr std::string_view placeholder_base64 = "X19kZWJleml1bV91bmF2YWlsYWJsZV92YWx1ZQ==";
constexpr std::string_view placeholder_hex = "5f5f646562657a69756d5f756e617661696c61626c655f76616c7565";

/// Digits that a double carries for certain.
constexpr std::int64_t exact_in_double = 1'000'000'000'000'000;

/// How much of a value a message shows.
constexpr std::size_t shown = 60;

[[noreturn]] void refuse(const postgres::column& of, const std::string& expected, std::string_view found) {
  while (!found.empty() && found.back() <= ' ')
    found.remove_suffix(1);
  auto text = std::string(found.substr(0, shown)) + (found.size() > shown ? "..." : "");
  throw undecodable("column " + of.name + " (" + of.type_name + "): expected " + expected + ", found "
                    + text);
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

/// Text of string mode has all digits of the scale; base64 never has a point.
/// At scale 0 digits may be either, and string mode it is that we ask for.
bool looks_like_base64(std::string_view text, int scale) {
  auto begin = text.find_first_not_of("-0123456789");
  return scale > 0 ? text.find('.') == std::string_view::npos : begin != std::string_view::npos;
}

value exact_numeric(std::string_view text, const postgres::column& of, const wire_form& form) {
  if (text == "NAN" || text == "NaN")
    return not_a_number{};
  auto base64 = form.from_schema ? form.decimal_scale.has_value() : looks_like_base64(text, of.scale);
  if (base64 && !form.from_schema && of.scale == 0)
    refuse(of, "digits (decimal.handling.mode=precise without schemas can't be told from them: use string)",
           text);
  if (!base64) {
    if (auto x = scaled_from_text(text, of.scale))
      return *x;
  } else if (auto x = decimal_from_base64(text, form.decimal_scale.value_or(of.scale))) {
    if (auto fits = scaled(*x, of.scale))
      return *fits;
  }
  refuse(of, "a number of at most 18 digits", text);
}

/// decimal.handling.mode=double: the shortest text of a double gives the number
/// back as long as it has no more than 15 digits.
value rounded_numeric(std::string_view token, const postgres::column& of) {
  auto x = scaled_from_text(token, of.scale);
  if (!x || *x >= exact_in_double || *x <= -exact_in_double)
    refuse(of, "a number that a double carries exactly (use decimal.handling.mode=string)", token);
  return *x;
}

std::string_view trimmed(std::string_view token) {
  while (!token.empty()
         && (token.back() == ' ' || token.back() == '\n' || token.back() == '\r' || token.back() == '\t'))
    token.remove_suffix(1);
  return token;
}

// ---- numeric of any other precision: text as PostgreSQL prints it

std::string special_numeric(std::string_view text) {
  if (text == "NAN" || text == "NaN")
    return "NaN";
  if (text == "POSITIVE_INFINITY" || text == "Infinity")
    return "Infinity";
  if (text == "NEGATIVE_INFINITY" || text == "-Infinity")
    return "-Infinity";
  return {};
}

std::string decimal_as_text(std::optional<decimal> x, std::optional<int> scale, const postgres::column& of,
                            std::string_view found) {
  if (!x)
    refuse(of, "a number", found);
  if (scale && x->scale < *scale) {
    if (x->digits != "0")
      x->digits.append(static_cast<std::size_t>(*scale - x->scale), '0');
    x->scale = *scale;
  }
  return plain_text(*x);
}

/// precise: {"scale": 2, "value": base64}. Trailing zeros are gone by then.
std::string variable_scale(json::object x, const postgres::column& of) {
  std::int64_t scale = x["scale"];
  std::string_view digits = x["value"];
  return decimal_as_text(decimal_from_base64(digits, static_cast<int>(scale)), std::nullopt, of, digits);
}

std::optional<value> free_numeric(json::value& x, const postgres::column& of, const wire_form& form) {
  auto scale = form.from_schema ? std::nullopt : form.decimal_scale;
  switch (x.type()) {
  case json::json_type::object:
    return variable_scale(x.get_object(), of);
  case json::json_type::number: {
    auto token = trimmed(x.raw_json_token());
    auto number = decimal_from_text(token);
    if (number && number->digits.size() > 15)
      refuse(of, "a number that a double carries exactly (use decimal.handling.mode=string)", token);
    return decimal_as_text(number, scale, of, token);
  }
  default:
    break;
  }
  auto text = text_in(x, of, "a number");
  if (text == placeholder)
    return std::nullopt;
  if (auto special = special_numeric(text); !special.empty())
    return special;
  auto base64 = form.from_schema ? form.decimal_scale.has_value() : scale && looks_like_base64(text, *scale);
  if (base64)
    return decimal_as_text(decimal_from_base64(text, *form.decimal_scale), std::nullopt, of, text);
  return decimal_as_text(decimal_from_text(text), scale, of, text);
}

std::optional<value> numeric(json::value& x, const postgres::column& of, const wire_form& form) {
  if (x.type() == json::json_type::number)
    return rounded_numeric(trimmed(x.raw_json_token()), of);
  auto text = text_in(x, of, "a number");
  if (text == placeholder)
    return std::nullopt;
  return exact_numeric(text, of, form);
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

/// What Debezium makes of infinite dates: out of the stream the log's own number
/// counted from 1970 in 32 bits, out of a snapshot the driver's milliseconds as
/// days, cut off to 32 bits. PostgreSQL has no date before 4713 BC, so none of
/// these is a date. The driver's may be a day off by Kafka Connect's time zone.
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

/// Debezium writes the driver's numbers for infinity, in the column's unit.
constexpr std::int64_t driver_plus_infinity_ms = 9223372036825200;
constexpr std::int64_t driver_minus_infinity_ms = -9223372036832400;

value timestamp_of(std::int64_t microseconds) {
  if (microseconds == driver_plus_infinity_ms * 1000 || microseconds == plus_infinity)
    return plus_infinity;
  if (microseconds == driver_minus_infinity_ms * 1000 || microseconds == minus_infinity)
    return minus_infinity;
  return microseconds;
}

std::int64_t in_microseconds(std::int64_t x, time_unit unit, const postgres::column& of) {
  std::int64_t out = 0;
  switch (unit) {
  case time_unit::milliseconds:
    if (__builtin_mul_overflow(x, std::int64_t{1000}, &out))
      refuse(of, "milliseconds", std::to_string(x));
    return out;
  case time_unit::microseconds:
    return x;
  case time_unit::nanoseconds:
    return x == plus_infinity || x == minus_infinity ? x : floor_div(x, 1000);
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

value time_value(json::value& x, const postgres::column& of, const wire_form& form) {
  if (x.type() == json::json_type::string) {
    std::string_view text = x.get_string();
    if (of.type == column_type::date)
      return date_of(parsed(days_from_iso(text), of, "a date", text), of);
    if (of.type == column_type::time)
      return parsed(time_of_day_from_iso(text), of, "a time", text);
    return timestamp_of(parsed(microseconds_from_iso(text), of, "a timestamp", text));
  }
  auto number = integer_in(x, of, "an integer or a text in ISO 8601");
  if (of.type == column_type::date)
    return date_of(number, of);
  auto microseconds = in_microseconds(number, form.unit, of);
  return of.type == column_type::time ? value(microseconds) : timestamp_of(microseconds);
}

// ---- bytea

std::optional<value> bytes(json::value& x, const postgres::column& of, const wire_form& form) {
  auto text = text_in(x, of, "base64");
  if (text == placeholder || text == placeholder_base64 || text == placeholder_hex)
    return std::nullopt;
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

} // namespace

std::optional<value> decode_column(json::value x, const postgres::column& of, const wire_form& form) {
  if (x.is_null())
    return null_value{};
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
  case column_type::numeric_unscaled:
    return free_numeric(x, of, form);
  case column_type::real:
    return float_text<float>(x, of);
  case column_type::double_precision:
    return float_text<double>(x, of);
  case column_type::date:
  case column_type::timestamp:
  case column_type::timestamptz:
  case column_type::time:
    return time_value(x, of, form);
  case column_type::bytea:
    return bytes(x, of, form);
  case column_type::other:
    refuse(of, "a type that figures know", x.raw_json_token());
  default: {
    auto text = text_in(x, of, "text");
    if (text == placeholder)
      return std::nullopt;
    return std::string(text);
  }
  }
}

} // namespace millrace
