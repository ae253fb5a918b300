#pragma once

/// Exact sums, and averages as PostgreSQL computes them.

#include "messages/store_write.hpp"

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

namespace millrace {

__extension__ using int128 = __int128;
__extension__ using uint128 = unsigned __int128;

/// A signed integer of 256 bits, two's complement. Sums of 10^40 products of two 18-digit factors fit.
/// Beyond its range it wraps silently.
class wide {
 public:
  constexpr wide() = default;
  constexpr wide(std::int64_t x) : wide(static_cast<int128>(x)) {}
  constexpr wide(int128 x) {
    auto sign = x < 0 ? ~std::uint64_t{0} : 0;
    limb_[0] = static_cast<std::uint64_t>(x);
    limb_[1] = static_cast<std::uint64_t>(x >> 64);
    limb_[2] = limb_[3] = sign;
  }
  explicit wide(const wide_limbs& x);
  /// Reads digits with an optional minus. Throws std::invalid_argument for any other text.
  static wide from_text(std::string_view digits);

  wide_limbs limbs() const;
  wide& operator+=(const wide& x);
  wide& operator-=(const wide& x) { return *this += -x; }
  wide operator-() const;
  /// Multiplies by a number below 2^63.
  wide& operator*=(std::uint64_t x);
  /// Divides a number >= 0 by x > 0, rounding down. Returns the remainder.
  std::uint64_t divide(std::uint64_t x);

  bool negative() const { return (limb_[3] >> 63) != 0; }
  bool operator==(const wide&) const = default;
  std::strong_ordering operator<=>(const wide& x) const;

 private:
  std::uint64_t limb_[4] = {0, 0, 0, 0};
};

/// A decimal: digits / 10^scale.
struct wide_decimal {
  wide digits;
  int scale = 0;
};

/// Returns the text that numeric_out prints: all digits of the scale.
std::string to_text(const wide_decimal& x);

/// Compares a with b by value: 1.0 equals 1.00.
std::strong_ordering compare(const wide_decimal& a, const wide_decimal& b);

/// Returns sum / count as numeric_div does: with select_div_scale's scale, rounded half away from
/// zero. count > 0.
/// Source: PostgreSQL 15, src/backend/utils/adt/numeric.c.
wide_decimal average(const wide_decimal& sum, std::int64_t count);

} // namespace millrace
