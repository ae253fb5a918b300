#pragma once

/// Converts days and microseconds to calendar dates over the full range of PostgreSQL's types,
/// including years after 9999 and before Christ.

#include <cstdint>

namespace millrace {

constexpr std::int64_t microseconds_per_second = 1'000'000;
constexpr std::int64_t microseconds_per_day = 86'400 * microseconds_per_second;

struct civil_date {
  std::int64_t year = 1970; ///< 0 = 1 BC
  int month = 1, day = 1;
};

/// A quotient rounded down, and its remainder, which is never negative.
constexpr std::int64_t floor_div(std::int64_t a, std::int64_t b) { return a / b - (a % b < 0 ? 1 : 0); }
constexpr std::int64_t floor_mod(std::int64_t a, std::int64_t b) { return a - floor_div(a, b) * b; }

/// Returns the date of a day counted from 1970-01-01, in the proleptic Gregorian calendar.
/// Source: Howard Hinnant, chrono-compatible low-level date algorithms.
constexpr civil_date civil_from_days(std::int64_t days) {
  days += 719468;
  auto era = floor_div(days, 146097);
  auto of_era = days - era * 146097;
  auto year = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
  auto of_year = of_era - (365 * year + year / 4 - year / 100);
  auto shifted = (5 * of_year + 2) / 153; // months from March
  auto month = static_cast<int>(shifted < 10 ? shifted + 3 : shifted - 9);
  return {year + era * 400 + (month <= 2 ? 1 : 0), month,
          static_cast<int>(of_year - (153 * shifted + 2) / 5 + 1)};
}

/// Returns the days from 1970-01-01 to a date: the inverse of civil_from_days.
constexpr std::int64_t days_from_civil(civil_date x) {
  auto year = x.year - (x.month <= 2 ? 1 : 0);
  auto era = floor_div(year, 400);
  auto of_era = year - era * 400;
  auto of_year = (153 * (x.month > 2 ? x.month - 3 : x.month + 9) + 2) / 5 + x.day - 1;
  return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

} // namespace millrace
