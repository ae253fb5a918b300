#include "actors/figures/language/cron.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <vector>

namespace millrace {

namespace {

constexpr std::int64_t day_seconds = 86'400, minute_seconds = 60;
/// The calendar repeats after 400 years.
constexpr std::int64_t days_of_the_calendar = 146'097;

constexpr std::array<std::string_view, 12> months{"jan", "feb", "mar", "apr", "may", "jun",
                                                  "jul", "aug", "sep", "oct", "nov", "dec"};
constexpr std::array<std::string_view, 7> weekdays{"sun", "mon", "tue", "wed", "thu", "fri", "sat"};

struct field {
  const char* what;
  unsigned low, high;
};
constexpr std::array<field, 5> fields{field{"minute", 0, 59}, field{"hour", 0, 23},
                                      field{"day of the month", 1, 31}, field{"month", 1, 12},
                                      field{"day of the week", 0, 7}};

struct word {
  std::string_view text;
  std::size_t at = 0;
};

std::vector<word> split(std::string_view text, char by, std::size_t at) {
  std::vector<word> out;
  for (std::size_t from = 0; from <= text.size();) {
    auto to = std::min(text.find(by, from), text.size());
    out.push_back({text.substr(from, to - from), at + from});
    from = to + 1;
  }
  return out;
}

[[noreturn]] void refuse(const word& x, std::string message) {
  throw cron_times::mistake{x.at, std::move(message)};
}

template <std::size_t N>
std::optional<unsigned> named(std::string_view text, const std::array<std::string_view, N>& names) {
  auto alike = [](char a, char b) { return (a | 0x20) == b; };
  for (std::size_t i = 0; i < N; ++i)
    if (std::equal(text.begin(), text.end(), names[i].begin(), names[i].end(), alike))
      return static_cast<unsigned>(i);
  return std::nullopt;
}

unsigned number(const word& x, const field& of) {
  if (of.high == 12)
    if (auto month = named(x.text, months))
      return *month + 1;
  if (of.high == 7)
    if (auto weekday = named(x.text, weekdays))
      return *weekday;
  unsigned out = 0;
  auto* end = x.text.data() + x.text.size();
  auto parsed = std::from_chars(x.text.data(), end, out);
  if (x.text.empty() || parsed.ec != std::errc{} || parsed.ptr != end || out < of.low || out > of.high)
    refuse(x, "'" + std::string(x.text) + "' is no " + of.what + " (" + std::to_string(of.low) + " to "
                  + std::to_string(of.high) + ")");
  return out;
}

/// Parses one item of a list: *, n, n-m, each with an optional /step.
template <std::size_t N>
void parse_item(const word& x, const field& of, std::bitset<N>& into) {
  auto slash = x.text.find('/');
  word range{x.text.substr(0, slash), x.at};
  unsigned step = 1, low = of.low, high = of.high;
  if (slash != x.text.npos) {
    word by{x.text.substr(slash + 1), x.at + slash + 1};
    auto* end = by.text.data() + by.text.size();
    auto parsed = std::from_chars(by.text.data(), end, step);
    if (by.text.empty() || parsed.ec != std::errc{} || parsed.ptr != end || step == 0)
      refuse(by, "'" + std::string(by.text) + "' is no step");
  }
  if (range.text != "*") {
    auto dash = range.text.find('-');
    low = number({range.text.substr(0, dash), range.at}, of);
    if (dash != range.text.npos)
      high = number({range.text.substr(dash + 1), range.at + dash + 1}, of);
    else if (slash == x.text.npos)
      high = low;
    if (high < low)
      refuse(range, "the range '" + std::string(range.text) + "' ends before it begins");
  }
  for (auto i = low; i <= high; i += step)
    into.set(i % N);
}

template <std::size_t N>
void parse_field(const word& x, const field& of, std::bitset<N>& into) {
  for (auto& item : split(x.text, ',', x.at))
    parse_item(item, of, into);
}

std::int64_t floor_day(std::int64_t now) {
  return now >= 0 ? now / day_seconds : -((day_seconds - 1 - now) / day_seconds);
}

} // namespace

std::variant<cron_times, cron_times::mistake> cron_times::parse(std::string_view line) {
  try {
    auto words = split(line, ' ', 0);
    std::erase_if(words, [](auto& x) { return x.text.empty(); });
    if (words.size() != fields.size())
      refuse({line, 0}, "a cron line has five fields, this has " + std::to_string(words.size()));
    cron_times out;
    parse_field(words[0], fields[0], out.minutes_);
    parse_field(words[1], fields[1], out.hours_);
    parse_field(words[2], fields[2], out.days_);
    parse_field(words[3], fields[3], out.months_);
    parse_field(words[4], fields[4], out.weekdays_);
    out.both_days_ = words[2].text.front() == '*' || words[4].text.front() == '*';
    for (std::int64_t day = 0; day < days_of_the_calendar; ++day)
      if (out.fits_day(day))
        return out;
    refuse(words[2], "no month has such a day: this time never comes");
  } catch (mistake& x) {
    return std::move(x);
  }
}

bool cron_times::fits_day(std::int64_t day) const {
  using namespace std::chrono;
  sys_days at{days{day}};
  year_month_day date{at};
  if (!months_.test(static_cast<unsigned>(date.month())))
    return false;
  auto of_month = days_.test(static_cast<unsigned>(date.day()));
  auto of_week = weekdays_.test(weekday{at}.c_encoding());
  return both_days_ ? of_month && of_week : of_month || of_week;
}

/// Returns the day's first time at or after `from`.
std::optional<std::int64_t> cron_times::first_in(std::int64_t day, std::int64_t from) const {
  for (std::int64_t i = 0; i < day_seconds / minute_seconds; ++i) {
    auto at = day * day_seconds + i * minute_seconds;
    if (at >= from && hours_.test(static_cast<std::size_t>(i / 60))
        && minutes_.test(static_cast<std::size_t>(i % 60)))
      return at;
  }
  return std::nullopt;
}

/// Returns the day's last time at or before `to`.
std::optional<std::int64_t> cron_times::last_in(std::int64_t day, std::int64_t to) const {
  for (std::int64_t i = day_seconds / minute_seconds; i-- > 0;) {
    auto at = day * day_seconds + i * minute_seconds;
    if (at <= to && hours_.test(static_cast<std::size_t>(i / 60))
        && minutes_.test(static_cast<std::size_t>(i % 60)))
      return at;
  }
  return std::nullopt;
}

std::int64_t cron_times::after(std::int64_t now) const {
  for (auto day = floor_day(now);; ++day)
    if (fits_day(day))
      if (auto at = first_in(day, now + 1))
        return *at;
}

std::int64_t cron_times::at_or_before(std::int64_t now) const {
  for (auto day = floor_day(now);; --day)
    if (fits_day(day))
      if (auto at = last_in(day, now))
        return *at;
}

} // namespace millrace
