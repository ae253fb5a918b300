#include "actors/figures/values/buckets.hpp"

#include "actors/figures/values/calendar.hpp"
#include "messages/values.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <utility>

namespace millrace {

namespace {

using named_unit = std::pair<std::string_view, time_unit>;

constexpr std::array<named_unit, 16> units{{
    {"microsecond", time_unit::microsecond},
    {"millisecond", time_unit::millisecond},
    {"second", time_unit::second},
    {"minute", time_unit::minute},
    {"hour", time_unit::hour},
    {"day", time_unit::day},
    {"week", time_unit::week},
    {"month", time_unit::month},
    {"quarter", time_unit::quarter},
    {"year", time_unit::year},
    {"decade", time_unit::decade},
    {"century", time_unit::century},
    {"centuries", time_unit::century},
    {"millennium", time_unit::millennium},
    {"millennia", time_unit::millennium},
    {"milliseconds", time_unit::millisecond},
}};

std::string lower(std::string_view text) {
  std::string out(text);
  for (auto& c : out)
    c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return out;
}

bool infinite(std::int64_t x) { return x == plus_infinity || x == minus_infinity; }

std::int64_t down_to(std::int64_t x, std::int64_t step) { return floor_div(x, step) * step; }

/// Returns the first year of the unit, as timestamp_trunc computes it. Before Christ it rounds differently.
std::int64_t first_year(std::int64_t year, time_unit to) {
  switch (to) {
  case time_unit::decade:
    return year >= 0 ? year / 10 * 10 : -((8 - (year - 1)) / 10) * 10;
  case time_unit::century:
    return year > 0 ? (year + 99) / 100 * 100 - 99 : -((99 - (year - 1)) / 100) * 100 + 1;
  case time_unit::millennium:
    return year > 0 ? (year + 999) / 1000 * 1000 - 999 : -((999 - (year - 1)) / 1000) * 1000 + 1;
  default:
    return year;
  }
}

std::int64_t truncated_day(std::int64_t days, time_unit to) {
  if (to == time_unit::week) // 1970-01-01 was a Thursday
    return down_to(days + 3, 7) - 3;
  auto date = civil_from_days(days);
  date.day = 1;
  if (to == time_unit::quarter)
    date.month -= (date.month - 1) % 3;
  else if (to != time_unit::month)
    date = {first_year(date.year, to), 1, 1};
  return days_from_civil(date);
}

void append_two(std::string& out, std::int64_t x) {
  out += static_cast<char>('0' + x / 10);
  out += static_cast<char>('0' + x % 10);
}

void append_year(std::string& out, std::int64_t year) {
  auto text = std::to_string(year > 0 ? year : 1 - year);
  if (text.size() < 4)
    out.append(4 - text.size(), '0');
  out += text;
}

std::optional<std::int64_t> number(std::string_view text) {
  std::int64_t out = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  if (error != std::errc{} || end != text.data() + text.size())
    return std::nullopt;
  return out;
}

} // namespace

std::optional<time_unit> unit_from_name(std::string_view name) {
  auto given = lower(name);
  for (auto& [known, unit] : units)
    if (given == known || given == std::string(known) + "s")
      return unit;
  return std::nullopt;
}

std::int64_t truncated(std::int64_t x, time_unit to) {
  if (infinite(x))
    return x;
  switch (to) {
  case time_unit::nanosecond:
  case time_unit::microsecond:
    return x;
  case time_unit::millisecond:
    return down_to(x, 1000);
  case time_unit::second:
    return down_to(x, microseconds_per_second);
  case time_unit::minute:
    return down_to(x, 60 * microseconds_per_second);
  case time_unit::hour:
    return down_to(x, 3600 * microseconds_per_second);
  case time_unit::day:
    return down_to(x, microseconds_per_day);
  default:
    return truncated_day(floor_div(x, microseconds_per_day), to) * microseconds_per_day;
  }
}

time_pattern::time_pattern(std::string_view format) {
  static constexpr std::array<std::pair<std::string_view, part>, 6> patterns{{
      {"yyyy", part::year},
      {"mm", part::month},
      {"dd", part::day},
      {"hh24", part::hour},
      {"mi", part::minute},
      {"ss", part::second},
  }};
  auto text = lower(format);
  auto quoted = false;
  for (std::size_t at = 0; at < text.size();) {
    auto known = std::find_if(patterns.begin(), patterns.end(), [&](auto& x) {
      return !quoted && text.compare(at, x.first.size(), x.first) == 0;
    });
    if (known != patterns.end()) {
      pieces_.push_back({known->second, {}});
      at += known->first.size();
    } else if (text[at] == '"') {
      quoted = !quoted;
      ++at;
    } else {
      pieces_.push_back({part::literal, std::string(1, format[at++])});
    }
  }
}

std::optional<std::string> time_pattern::print(std::int64_t x) const {
  if (infinite(x))
    return std::nullopt;
  auto date = civil_from_days(floor_div(x, microseconds_per_day));
  auto second = floor_mod(x, microseconds_per_day) / microseconds_per_second;
  std::string out;
  for (auto& p : pieces_) {
    switch (p.what) {
    case part::literal:
      out += p.text;
      break;
    case part::year:
      append_year(out, date.year);
      break;
    case part::month:
      append_two(out, date.month);
      break;
    case part::day:
      append_two(out, date.day);
      break;
    case part::hour:
      append_two(out, second / 3600);
      break;
    case part::minute:
      append_two(out, second / 60 % 60);
      break;
    case part::second:
      append_two(out, second % 60);
      break;
    }
  }
  return out;
}

std::size_t time_pattern::minimum_size() const {
  std::size_t out = 0;
  for (auto& p : pieces_)
    out += p.what == part::literal ? p.text.size() : p.what == part::year ? 4 : 2;
  return out;
}

std::optional<std::int64_t> time_pattern::start_of(std::string_view text) const {
  auto least = minimum_size();
  if (text.size() < least)
    return std::nullopt;
  auto year_digits = 4 + text.size() - least; // after 9999, the year takes the remaining digits
  std::array<std::int64_t, 7> found{0, 0, 1, 1, 0, 0, 0};
  auto has_year = false;
  for (auto& p : pieces_) {
    auto size = p.what == part::literal ? p.text.size() : p.what == part::year ? year_digits : 2;
    if (p.what != part::literal) {
      auto digits = number(text.substr(0, size));
      if (!digits)
        return std::nullopt;
      found[static_cast<std::size_t>(p.what)] = *digits;
    }
    has_year |= p.what == part::year;
    text.remove_prefix(std::min(size, text.size()));
  }
  if (!has_year)
    return std::nullopt;
  auto days = days_from_civil({found[1], static_cast<int>(found[2]), static_cast<int>(found[3])});
  return days * microseconds_per_day + ((found[4] * 60 + found[5]) * 60 + found[6]) * microseconds_per_second;
}

} // namespace millrace
