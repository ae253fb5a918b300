#include "actors/figures/values/numeric.hpp"

#include <algorithm>
#include <stdexcept>

namespace millrace {

namespace {

constexpr std::uint64_t ten_to_18 = 1'000'000'000'000'000'000;

/// Multiplies by 10^exponent.
void shift_decimal(wide& x, int exponent) {
  for (; exponent >= 18; exponent -= 18)
    x *= ten_to_18;
  std::uint64_t power = 1;
  for (; exponent > 0; --exponent)
    power *= 10;
  x *= power;
}

std::string digits_of(wide x) {
  std::string out;
  while (x != wide{}) {
    auto rest = x.divide(ten_to_18);
    for (int i = 0; i < 18 && (rest != 0 || x != wide{}); ++i, rest /= 10)
      out += static_cast<char>('0' + rest % 10);
  }
  return out.empty() ? "0" : std::string(out.rbegin(), out.rend());
}

/// The first digit of numeric's form, which has base 10^4.
struct leading_digit {
  int weight = 0; ///< the power of 10^4 of the first nonzero digit; 0 for zero
  int digit = 0;
};

/// `digits` / 10^scale, both >= 0.
leading_digit leading(const wide& digits, int scale) {
  constexpr int decimals = 4;
  if (digits == wide{})
    return {};
  auto text = digits_of(digits);
  auto groups = (scale + decimals - 1) / decimals; // after the point
  text.append(static_cast<std::size_t>(groups * decimals - scale), '0');
  auto size = static_cast<int>(text.size());
  auto first = (size - 1) % decimals + 1;
  return {(size - 1) / decimals - groups, std::stoi(text.substr(0, static_cast<std::size_t>(first)))};
}

/// Returns select_div_scale's scale: at least 16 significant digits, and at least the sum's scale.
int quotient_scale(const wide_decimal& magnitude, std::int64_t count) {
  constexpr int least_significant = 16, decimals = 4, greatest_scale = 1000;
  auto a = leading(magnitude.digits, magnitude.scale);
  auto b = leading(wide(count), 0);
  auto weight = a.weight - b.weight - (a.digit <= b.digit ? 1 : 0);
  return std::clamp(least_significant - weight * decimals, magnitude.scale, greatest_scale);
}

} // namespace

wide::wide(const wide_limbs& x) { std::copy(std::begin(x.limb), std::end(x.limb), limb_); }

wide_limbs wide::limbs() const {
  wide_limbs out;
  std::copy(std::begin(limb_), std::end(limb_), out.limb);
  return out;
}

wide wide::from_text(std::string_view digits) {
  auto minus = digits.substr(0, 1) == "-";
  if (minus)
    digits.remove_prefix(1);
  if (digits.empty() || digits.find_first_not_of("0123456789") != std::string_view::npos)
    throw std::invalid_argument("not an integer: " + std::string(digits));
  wide out;
  for (auto c : digits) {
    out *= 10;
    out += wide(static_cast<std::int64_t>(c - '0'));
  }
  return minus ? -out : out;
}

wide& wide::operator+=(const wide& x) {
  uint128 carry = 0;
  for (int i = 0; i < 4; ++i) {
    carry += static_cast<uint128>(limb_[i]) + x.limb_[i];
    limb_[i] = static_cast<std::uint64_t>(carry);
    carry >>= 64;
  }
  return *this;
}

wide wide::operator-() const {
  wide out;
  for (int i = 0; i < 4; ++i)
    out.limb_[i] = ~limb_[i];
  return out += wide(std::int64_t{1});
}

wide& wide::operator*=(std::uint64_t x) {
  uint128 carry = 0; // two's complement multiplies like unsigned
  for (auto& limb : limb_) {
    carry += static_cast<uint128>(limb) * x;
    limb = static_cast<std::uint64_t>(carry);
    carry >>= 64;
  }
  return *this;
}

std::uint64_t wide::divide(std::uint64_t x) {
  uint128 rest = 0;
  for (int i = 3; i >= 0; --i) {
    rest = rest << 64 | limb_[i];
    limb_[i] = static_cast<std::uint64_t>(rest / x);
    rest %= x;
  }
  return static_cast<std::uint64_t>(rest);
}

std::strong_ordering wide::operator<=>(const wide& x) const {
  auto high = static_cast<std::int64_t>(limb_[3]) <=> static_cast<std::int64_t>(x.limb_[3]);
  if (high != 0)
    return high;
  for (int i = 2; i > 0; --i)
    if (limb_[i] != x.limb_[i])
      return limb_[i] <=> x.limb_[i];
  return limb_[0] <=> x.limb_[0];
}

std::string to_text(const wide_decimal& x) {
  auto minus = x.digits.negative();
  auto out = digits_of(minus ? -x.digits : x.digits);
  auto fraction = static_cast<std::size_t>(x.scale);
  if (fraction > 0) {
    if (out.size() <= fraction)
      out.insert(0, fraction + 1 - out.size(), '0');
    out.insert(out.size() - fraction, 1, '.');
  }
  return minus ? "-" + out : out;
}

std::strong_ordering compare(const wide_decimal& a, const wide_decimal& b) {
  auto x = a.digits, y = b.digits;
  shift_decimal(x, b.scale - a.scale);
  shift_decimal(y, a.scale - b.scale);
  return x <=> y;
}

wide_decimal average(const wide_decimal& sum, std::int64_t count) {
  auto minus = sum.digits.negative();
  auto magnitude = wide_decimal{minus ? -sum.digits : sum.digits, sum.scale};
  auto scale = quotient_scale(magnitude, count);
  auto quotient = magnitude.digits;
  shift_decimal(quotient, scale - sum.scale);
  auto divisor = static_cast<std::uint64_t>(count);
  auto rest = quotient.divide(divisor);
  if (rest >= divisor - rest)
    quotient += wide(std::int64_t{1});
  return {minus ? -quotient : quotient, scale};
}

} // namespace millrace
