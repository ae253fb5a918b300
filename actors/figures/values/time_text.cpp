#include "actors/figures/values/time_text.hpp"

#include "actors/figures/values/calendar.hpp"
#include "actors/figures/values/numeric.hpp"
#include "messages/values.hpp"

namespace millrace {

namespace {

bool take(std::string_view& text, char x) {
  if (text.empty() || text.front() != x)
    return false;
  text.remove_prefix(1);
  return true;
}

/// Reads the leading digits, at least `least` and at most `most` of them.
std::optional<std::int64_t> take_number(std::string_view& text, std::size_t least, std::size_t most) {
  std::size_t n = 0;
  std::int64_t x = 0;
  for (; n < text.size() && n < most && text[n] >= '0' && text[n] <= '9'; ++n)
    x = x * 10 + (text[n] - '0');
  if (n < least)
    return std::nullopt;
  text.remove_prefix(n);
  return x;
}

/// Reads "2026-02-28": a year of at least four digits, without a sign.
std::optional<civil_date> take_civil(std::string_view& text) {
  auto year = take_number(text, 4, 9);
  if (!year || !take(text, '-'))
    return std::nullopt;
  auto month = take_number(text, 2, 2);
  if (!month || *month < 1 || *month > 12 || !take(text, '-'))
    return std::nullopt;
  auto day = take_number(text, 2, 2);
  if (!day || *day < 1 || *day > 31)
    return std::nullopt;
  return civil_date{*year, static_cast<int>(*month), static_cast<int>(*day)};
}

/// Reads an ISO 8601 date. Its year can have a sign.
std::optional<std::int64_t> take_date(std::string_view& text) {
  auto negative = take(text, '-');
  if (!negative)
    take(text, '+');
  auto date = take_civil(text);
  if (!date)
    return std::nullopt;
  if (negative)
    date->year = -date->year;
  return days_from_civil(*date);
}

/// Reads a date that PostgreSQL printed. `before_christ`: the text ended with " BC".
std::optional<std::int64_t> take_date_of_era(std::string_view& text, bool before_christ) {
  auto date = take_civil(text);
  if (!date)
    return std::nullopt;
  if (before_christ)
    date->year = 1 - date->year;
  return days_from_civil(*date);
}

bool take_era(std::string_view& text) {
  auto before_christ = text.ends_with(" BC");
  if (before_christ)
    text.remove_suffix(3);
  return before_christ;
}

std::optional<std::int64_t> infinity_in(std::string_view text) {
  if (text == "infinity")
    return plus_infinity;
  if (text == "-infinity")
    return minus_infinity;
  return std::nullopt;
}

/// Reads ".123456". Returns microseconds.
std::optional<std::int64_t> take_fraction(std::string_view& text) {
  if (!take(text, '.'))
    return 0;
  auto size = text.size();
  auto x = take_number(text, 1, 9);
  if (!x)
    return std::nullopt;
  for (auto n = size - text.size(); n < 9; ++n)
    *x *= 10;
  return *x / 1000;
}

/// Reads "23:59" or "23:59:59.5".
std::optional<std::int64_t> take_clock(std::string_view& text) {
  auto hours = take_number(text, 2, 2);
  if (!hours || *hours > 24 || !take(text, ':'))
    return std::nullopt;
  auto minutes = take_number(text, 2, 2);
  if (!minutes || *minutes > 59)
    return std::nullopt;
  std::optional<std::int64_t> seconds = 0;
  std::optional<std::int64_t> fraction = 0;
  if (take(text, ':')) {
    seconds = take_number(text, 2, 2);
    fraction = take_fraction(text);
  }
  if (!seconds || *seconds > 60 || !fraction)
    return std::nullopt;
  return ((*hours * 60 + *minutes) * 60 + *seconds) * microseconds_per_second + *fraction;
}

/// Reads "Z", "+02:00", "-05:30:10" or nothing. Nothing may follow.
std::optional<std::int64_t> take_offset(std::string_view text) {
  if (text.empty() || text == "Z")
    return 0;
  auto west = take(text, '-');
  if (!west && !take(text, '+'))
    return std::nullopt;
  auto offset = take_clock(text);
  if (!offset || !text.empty())
    return std::nullopt;
  return west ? -*offset : *offset;
}

/// Reads "26:03:04.5", with any number of hours, and a sign.
std::optional<std::int64_t> take_long_clock(std::string_view& text) {
  auto negative = take(text, '-');
  if (!negative)
    take(text, '+');
  auto hours = take_number(text, 1, 12);
  if (!hours || !take(text, ':'))
    return std::nullopt;
  auto minutes = take_number(text, 2, 2);
  if (!minutes || !take(text, ':'))
    return std::nullopt;
  auto seconds = take_number(text, 2, 2);
  auto fraction = take_fraction(text);
  if (!seconds || !fraction || *hours > 2'000'000'000)
    return std::nullopt;
  auto out = ((*hours * 60 + *minutes) * 60 + *seconds) * microseconds_per_second + *fraction;
  return negative ? -out : out;
}

/// Reads "-3 days" or "1 day".
std::optional<std::int64_t> take_days(std::string_view& text) {
  auto negative = take(text, '-');
  if (!negative)
    take(text, '+');
  auto days = take_number(text, 1, 9);
  if (!days || !text.starts_with(" day"))
    return std::nullopt;
  text.remove_prefix(std::string_view(" day").size());
  take(text, 's');
  return (negative ? -*days : *days) * microseconds_per_day;
}

/// Returns the microseconds since 1970. The ends of 64 bits mean infinity, so no timestamp may equal them.
/// A day can begin before the range while its time is in it.
std::optional<std::int64_t> within_range(std::int64_t days, std::int64_t time_of_day) {
  auto out = static_cast<int128>(days) * microseconds_per_day + time_of_day;
  auto fits = out > minus_infinity && out < plus_infinity;
  return fits ? std::optional(static_cast<std::int64_t>(out)) : std::nullopt;
}

} // namespace

std::optional<std::int64_t> days_from_iso(std::string_view text) {
  auto days = take_date(text);
  return days && take_offset(text) ? days : std::nullopt;
}

std::optional<std::int64_t> microseconds_from_iso(std::string_view text) {
  if (auto infinity = infinity_in(text))
    return infinity;
  auto days = take_date(text);
  if (!days || !(take(text, 'T') || take(text, ' ')))
    return std::nullopt;
  auto clock = take_clock(text);
  auto offset = take_offset(text);
  if (!clock || !offset)
    return std::nullopt;
  return within_range(*days, *clock - *offset);
}

std::optional<std::int64_t> time_of_day_from_iso(std::string_view text) {
  auto clock = take_clock(text);
  auto offset = take_offset(text);
  if (!clock || !offset)
    return std::nullopt;
  return *clock - *offset;
}

std::optional<std::int64_t> days_from_postgres(std::string_view text) {
  if (auto infinity = infinity_in(text))
    return infinity;
  auto before_christ = take_era(text);
  auto days = take_date_of_era(text, before_christ);
  return text.empty() ? days : std::nullopt;
}

std::optional<std::int64_t> microseconds_from_postgres(std::string_view text) {
  if (auto infinity = infinity_in(text))
    return infinity;
  auto before_christ = take_era(text);
  auto days = take_date_of_era(text, before_christ);
  if (!days || !take(text, ' '))
    return std::nullopt;
  auto clock = take_clock(text);
  if (!clock || !(text.empty() || text == "+00"))
    return std::nullopt;
  return within_range(*days, *clock);
}

std::optional<std::int64_t> time_of_day_from_postgres(std::string_view text) {
  auto clock = take_clock(text);
  return text.empty() ? clock : std::nullopt;
}

std::optional<std::int64_t> interval_from_postgres(std::string_view text) {
  std::int64_t out = 0;
  if (text.find(" day") != text.npos) {
    auto days = take_days(text);
    if (!days || !(text.empty() || take(text, ' ')))
      return std::nullopt;
    out = *days;
    if (text.empty())
      return out;
  }
  auto clock = take_long_clock(text);
  return clock && text.empty() && !__builtin_add_overflow(out, *clock, &out) ? std::optional(out)
                                                                             : std::nullopt;
}

} // namespace millrace
