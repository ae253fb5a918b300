#include "actors/figures/values/text.hpp"

#include "actors/figures/values/calendar.hpp"

#include <charconv>

namespace millrace {

using postgres::column_type;

namespace {

void append_number(std::string& out, std::int64_t x) {
  char buffer[24];
  out.append(buffer, std::to_chars(buffer, buffer + sizeof(buffer), x).ptr);
}

void append_padded(std::string& out, std::int64_t x, std::size_t width) {
  char buffer[24];
  auto end = std::to_chars(buffer, buffer + sizeof(buffer), x).ptr;
  auto size = static_cast<std::size_t>(end - buffer);
  if (size < width)
    out.append(width - size, '0');
  out.append(buffer, size);
}

/// Appends "infinity" or "-infinity" if `x` stands for it. Returns whether it did.
bool append_infinity(std::string& out, std::int64_t x) {
  if (x == plus_infinity)
    out += "infinity";
  else if (x == minus_infinity)
    out += "-infinity";
  return x == plus_infinity || x == minus_infinity;
}

void append_date(std::string& out, const civil_date& x) {
  append_padded(out, x.year > 0 ? x.year : 1 - x.year, 4);
  out += '-';
  append_padded(out, x.month, 2);
  out += '-';
  append_padded(out, x.day, 2);
}

void append_era(std::string& out, const civil_date& x) {
  if (x.year <= 0)
    out += " BC";
}

void append_time(std::string& out, std::int64_t microseconds) {
  auto seconds = microseconds / microseconds_per_second;
  append_padded(out, seconds / 3600, 2);
  out += ':';
  append_padded(out, seconds / 60 % 60, 2);
  out += ':';
  append_padded(out, seconds % 60, 2);
  if (auto fraction = microseconds % microseconds_per_second) {
    out += '.';
    append_padded(out, fraction, 6);
    out.resize(out.find_last_not_of('0') + 1);
  }
}

void append_day(std::string& out, std::int64_t days) {
  if (append_infinity(out, days))
    return;
  auto date = civil_from_days(days);
  append_date(out, date);
  append_era(out, date);
}

/// `middle` goes between date and time, `zone` after them.
void append_instant(std::string& out, std::int64_t x, char middle, const char* zone) {
  if (append_infinity(out, x))
    return;
  auto date = civil_from_days(floor_div(x, microseconds_per_day));
  append_date(out, date);
  out += middle;
  append_time(out, floor_mod(x, microseconds_per_day));
  out += zone;
  append_era(out, date);
}

void append_integral(std::string& out, std::int64_t x, column_type type, int scale) {
  switch (type) {
  case column_type::boolean:
    out += x != 0 ? 't' : 'f';
    break;
  case column_type::date:
    append_day(out, x);
    break;
  case column_type::timestamp:
    append_instant(out, x, ' ', "");
    break;
  case column_type::timestamptz:
    append_instant(out, x, ' ', "+00");
    break;
  case column_type::time:
    append_time(out, x);
    break;
  case column_type::numeric:
    append_scaled(out, x, scale);
    break;
  default:
    append_number(out, x);
    break;
  }
}

bool is_time(column_type type) { return type == column_type::timestamp || type == column_type::timestamptz; }

bool is_number(column_type type) {
  switch (type) {
  case column_type::smallint:
  case column_type::integer:
  case column_type::bigint:
  case column_type::numeric:
  case column_type::numeric_unscaled:
  case column_type::real:
  case column_type::double_precision:
    return true;
  default:
    return false;
  }
}

/// Returns false for NaN and the infinities, which aren't JSON numbers.
bool is_finite(std::string_view text) {
  auto first = text.substr(0, 1) == "-" ? text.substr(1, 1) : text.substr(0, 1);
  return !first.empty() && first[0] >= '0' && first[0] <= '9';
}

void append_quoted(std::string& out, std::string_view text) {
  out += '"';
  out += text;
  out += '"';
}

} // namespace

void append_scaled(std::string& out, std::int64_t x, int scale) {
  auto magnitude = x < 0 ? 0 - static_cast<std::uint64_t>(x) : static_cast<std::uint64_t>(x);
  char buffer[24];
  auto end = std::to_chars(buffer, buffer + sizeof(buffer), magnitude).ptr;
  auto digits = static_cast<std::size_t>(end - buffer);
  auto fraction = static_cast<std::size_t>(scale);
  if (x < 0)
    out += '-';
  if (digits > fraction)
    out.append(buffer, digits - fraction);
  else
    out += '0';
  if (fraction == 0)
    return;
  out += '.';
  if (digits < fraction)
    out.append(fraction - digits, '0');
  out.append(digits > fraction ? end - fraction : buffer, digits > fraction ? fraction : digits);
}

void append_text(std::string& out, const value& x, column_type type, int scale) {
  if (auto text = std::get_if<std::string>(&x))
    out += *text;
  else if (std::holds_alternative<not_a_number>(x))
    out += "NaN";
  else
    append_integral(out, std::get<std::int64_t>(x), type, scale);
}

std::string to_text(const value& x, column_type type, int scale) {
  std::string out;
  append_text(out, x, type, scale);
  return out;
}

void append_json_of_text(std::string& out, std::string_view text, column_type type) {
  if (type == column_type::json || type == column_type::jsonb || (is_number(type) && is_finite(text)))
    out += text;
  else if (type == column_type::boolean)
    out += text == "t" ? "true" : "false";
  else
    append_json_string(out, text);
}

void append_json(std::string& out, const value& x, column_type type, int scale) {
  if (is_null(x)) {
    out += "null";
  } else if (auto text = std::get_if<std::string>(&x)) {
    append_json_of_text(out, *text, type);
  } else if (auto number = std::get_if<std::int64_t>(&x); number && is_time(type)) {
    out += '"';
    append_instant(out, *number, 'T', type == column_type::timestamptz ? "+00:00" : "");
    out += '"';
  } else if (number && type == column_type::boolean) {
    out += *number != 0 ? "true" : "false";
  } else if (number && is_number(type)) {
    append_integral(out, *number, type, scale);
  } else {
    append_quoted(out, to_text(x, type, scale));
  }
}

std::string to_json_text(const value& x, column_type type, int scale) {
  std::string out;
  append_json(out, x, type, scale);
  return out;
}

void append_json_string(std::string& out, std::string_view text) {
  static constexpr auto hex = "0123456789abcdef";
  out += '"';
  for (auto c : text) {
    switch (c) {
    case '\b':
      out += "\\b";
      break;
    case '\f':
      out += "\\f";
      break;
    case '\n':
      out += "\\n";
      break;
    case '\r':
      out += "\\r";
      break;
    case '\t':
      out += "\\t";
      break;
    case '"':
      out += "\\\"";
      break;
    case '\\':
      out += "\\\\";
      break;
    default:
      if (static_cast<unsigned char>(c) >= ' ')
        out += c;
      else
        out.append("\\u00") += {hex[c >> 4], hex[c & 15]};
    }
  }
  out += '"';
}

} // namespace millrace
