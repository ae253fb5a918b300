#pragma once

/// One column's value in the form that figures fold. It is exact, and has no type. The catalog's
/// column_type says how to interpret it:
///   integers, boolean (0/1)   int64
///   numeric(p,s), p <= 18     int64, scaled by 10^s; not_a_number
///   date                      int64, days since 1970-01-01; +-infinity = max/min
///   timestamp, timestamptz    int64, microseconds since 1970-01-01 (UTC); +-infinity = max/min
///   time                      int64, microseconds since midnight
///   everything else           text, exactly as PostgreSQL prints it in verify's session

#include <cstdint>
#include <limits>
#include <string>
#include <variant>
#include <vector>

namespace millrace {

struct null_value {
  constexpr auto operator<=>(const null_value&) const = default;
};

/// The NaN of numeric: equal to itself, and greater than every number.
struct not_a_number {
  constexpr auto operator<=>(const not_a_number&) const = default;
};

using value = std::variant<null_value, std::int64_t, std::string, not_a_number>;
using row = std::vector<value>;

constexpr std::int64_t plus_infinity = std::numeric_limits<std::int64_t>::max();
constexpr std::int64_t minus_infinity = std::numeric_limits<std::int64_t>::min();

inline bool is_null(const value& x) { return std::holds_alternative<null_value>(x); }

} // namespace millrace
