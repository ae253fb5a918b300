#pragma once

/// Buckets of time: date_trunc and to_char of a timestamp.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace millrace {

/// Units of date_trunc, as plan.hpp's key_expression::argument names them, and the nanosecond, a unit
/// of Debezium's timestamps.
enum class time_unit : std::uint8_t {
  nanosecond,
  microsecond,
  millisecond,
  second,
  minute,
  hour,
  day,
  week,
  month,
  quarter,
  year,
  decade,
  century,
  millennium,
};

/// Returns the unit with this name, singular or plural, in any case. Returns nullopt for other names.
std::optional<time_unit> unit_from_name(std::string_view name);

/// Returns the start of the unit that contains `microseconds`. Infinity stays infinity.
std::int64_t truncated(std::int64_t microseconds, time_unit to);

/// A format of to_char: YYYY MM DD HH24 MI SS in any case, separators, and text in double quotes.
class time_pattern {
 public:
  explicit time_pattern(std::string_view format);

  /// Returns what to_char returns; nullopt (NULL) for infinity.
  std::optional<std::string> print(std::int64_t microseconds) const;

  /// Returns the first microsecond that prints as `text`. Returns nullopt if the format has no year, or
  /// if `text` doesn't match it.
  std::optional<std::int64_t> start_of(std::string_view text) const;

 private:
  enum class part : std::uint8_t { literal, year, month, day, hour, minute, second };
  struct piece {
    part what = part::literal;
    std::string text;
  };
  std::size_t minimum_size() const;

  std::vector<piece> pieces_;
};

} // namespace millrace
