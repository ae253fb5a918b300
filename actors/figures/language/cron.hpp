#pragma once

/// Times by a line of cron: five fields in UTC (minute, hour, day of the month, month, day of the
/// week). Debian has no C++ library for it, and the rules are few: `*`, numbers, names of months and
/// days, lists, ranges and steps. A day fits if one of both day fields fits, unless one of them
/// begins with `*`: then both must fit. Sunday is 0 or 7.

#include <bitset>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

namespace millrace {

class cron_times {
 public:
  /// What is wrong with a line, and where.
  struct mistake {
    std::size_t at = 0; ///< byte in the line
    std::string message;
  };

  /// Parses the five fields. Refuses times that never come, such as February 30.
  static std::variant<cron_times, mistake> parse(std::string_view line);

  /// Returns the first time after `now`, Unix time in s. Years without such a day are skipped.
  std::int64_t after(std::int64_t now) const;
  /// Returns the last time at or before `now`.
  std::int64_t at_or_before(std::int64_t now) const;

 private:
  bool fits_day(std::int64_t day) const;
  std::optional<std::int64_t> first_in(std::int64_t day, std::int64_t from) const;
  std::optional<std::int64_t> last_in(std::int64_t day, std::int64_t to) const;

  std::bitset<60> minutes_;
  std::bitset<24> hours_;
  std::bitset<32> days_;
  std::bitset<13> months_;
  std::bitset<7> weekdays_;
  bool both_days_ = true; ///< both day fields must fit
};

} // namespace millrace
