#pragma once

/// Decimals of any length read from text, as PostgreSQL and Debezium write them.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace millrace {

/// What PostgreSQL's numeric holds: so many digits before the point and behind it.
/// Source: PostgreSQL 15, "Numeric Types".
inline constexpr int most_whole_digits = 131'072, most_fraction_digits = 16'383;

/// digits / 10^scale, with a sign. As long as numeric goes; no leading zeros, "0" is zero.
struct decimal {
  bool negative = false;
  std::string digits = "0";
  int scale = 0;
};

/// Tells whether PostgreSQL's numeric holds the number.
bool fits_numeric(const decimal& x);

/// Returns the number, nullopt if `text` is none, or longer than numeric goes: "12.30", "-0.5", "1.5E-7".
std::optional<decimal> decimal_from_text(std::string_view text);

/// Returns the number with exactly `scale` >= 0 digits behind the point; nullopt if
/// others than zeros would be cut off.
std::optional<decimal> rescaled(decimal x, int scale);

/// Returns the number scaled by 10^scale, nullopt if it has digits beyond the
/// scale, or 19 digits or more.
std::optional<std::int64_t> scaled(const decimal& x, int scale);

/// The same straight from text, without a detour for the usual form.
std::optional<std::int64_t> scaled_from_text(std::string_view text, int scale);

/// Returns all digits of the number's own scale, as numeric_out prints it.
std::string plain_text(const decimal& x);

} // namespace millrace
