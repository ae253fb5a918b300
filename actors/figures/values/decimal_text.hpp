#pragma once

/// Reads decimals of any length from the text that PostgreSQL and Debezium write.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace millrace {

/// The most digits that PostgreSQL's numeric holds before and after the decimal point.
/// Source: PostgreSQL 15, "Numeric Types".
inline constexpr int most_whole_digits = 131'072, most_fraction_digits = 16'383;

/// digits / 10^scale, with a sign. Within numeric's limits, without leading zeros; "0" is zero.
struct decimal {
  bool negative = false;
  std::string digits = "0";
  int scale = 0;
};

/// Returns whether PostgreSQL's numeric can hold the number.
bool fits_numeric(const decimal& x);

/// Returns the number of a text such as "12.30", "-0.5" or "1.5E-7". Returns nullopt if `text` isn't a
/// number, or if numeric can't hold it.
std::optional<decimal> decimal_from_text(std::string_view text);

/// Returns the number with exactly `scale` >= 0 digits after the point. Returns nullopt if that would
/// drop a digit other than 0.
std::optional<decimal> rescaled(decimal x, int scale);

/// Returns the number times 10^scale. Returns nullopt if it has digits after the scale, or 19 digits or
/// more.
std::optional<std::int64_t> scaled(const decimal& x, int scale);

/// Returns scaled() of a text. The usual form needs no intermediate decimal.
std::optional<std::int64_t> scaled_from_text(std::string_view text, int scale);

/// Returns the number with all digits of its scale, as numeric_out prints it.
std::string plain_text(const decimal& x);

} // namespace millrace
