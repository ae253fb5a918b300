// float4out and float8out. PostgreSQL's Ryu differs from std::to_chars in one way: digits that lie exactly
// halfway between two floats don't count as shorter.

#include "actors/figures/values/text.hpp"

#include <charconv>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <limits>

namespace millrace {

namespace {

/// A decimal number's digits, and the power of ten of the first one.
struct decimal {
  std::string digits;
  int exponent = 0;
};

/// Reads "d.ddde-xx" as printf and to_chars write it, without a sign.
decimal parse(std::string_view text) {
  decimal out;
  auto e = text.find('e');
  for (auto c : text.substr(0, e))
    if (c != '.')
      out.digits += c;
  auto last = out.digits.find_last_not_of('0');
  out.digits.resize(last == std::string::npos ? 1 : last + 1);
  out.exponent = std::atoi(text.data() + e + 1);
  return out;
}

std::string text_of(const decimal& x) {
  auto out = x.digits.substr(0, 1) + "." + x.digits.substr(1);
  return out + "e" + std::to_string(x.exponent);
}

/// Returns all digits of the exact value of x.
decimal exact(long double x) {
  char buffer[1200];
  std::snprintf(buffer, sizeof(buffer), "%.1100Le", x);
  return parse(buffer);
}

bool equal(const decimal& a, const decimal& b) { return a.exponent == b.exponent && a.digits == b.digits; }

/// Returns the midpoint of x and its neighbor, which fits in a long double.
template <class T>
long double middle(T x, T towards) {
  auto neighbour = std::nextafter(x, towards);
  if (std::isinf(neighbour))
    return x + (static_cast<long double>(x) - std::nextafter(x, T{0})) / 2;
  return (static_cast<long double>(x) + neighbour) / 2;
}

template <class T>
bool is_middle(const decimal& digits, T x) {
  auto read = std::strtold(text_of(digits).c_str(), nullptr);
  for (auto m : {middle(x, T{0}), middle(x, std::numeric_limits<T>::infinity())})
    if (read == m && equal(digits, exact(m)))
      return true;
  return false;
}

/// Adds `step` (1 or -1) to the last of exactly `count` digits.
decimal neighbour(decimal x, std::size_t count, int step) {
  x.digits.resize(count, '0');
  auto at = count;
  while (at-- > 0) {
    auto digit = x.digits[at] - '0' + step;
    x.digits[at] = static_cast<char>('0' + (digit + 10) % 10);
    if (digit >= 0 && digit <= 9)
      break;
  }
  if (at == std::string::npos && step > 0) { // 999 -> 1000
    x.digits.insert(0, "1");
    ++x.exponent;
  }
  return parse(text_of(x));
}

template <class T>
bool reads_back(const decimal& digits, T x) {
  auto text = text_of(digits);
  T back{};
  std::from_chars(text.data(), text.data() + text.size(), back, std::chars_format::scientific);
  return back == x && !is_middle(digits, x);
}

/// Returns the shortest digits strictly inside the interval that rounds to x > 0. Slow; used only where
/// to_chars returns a midpoint.
template <class T>
decimal shortest_within(T x, std::size_t from) {
  for (auto count = from;; ++count) {
    char buffer[64];
    std::snprintf(buffer, sizeof(buffer), "%.*e", static_cast<int>(count) - 1, static_cast<double>(x));
    auto nearest = parse(buffer);
    for (auto step : {0, 1, -1}) {
      auto candidate = step == 0 ? nearest : neighbour(nearest, count, step);
      if (reads_back(candidate, x))
        return candidate;
    }
  }
}

template <class T>
decimal shortest(T x) {
  char buffer[64];
  auto end = std::to_chars(buffer, buffer + sizeof(buffer) - 1, x, std::chars_format::scientific).ptr;
  *end = 0;
  auto out = parse({buffer, static_cast<std::size_t>(end - buffer)});
  // A midpoint's last bit is below the float's own, so only few digits can be one.
  return is_middle(out, x) ? shortest_within(x, out.digits.size()) : out;
}

std::string with_exponent(const decimal& x) {
  auto out = x.digits.substr(0, 1);
  if (x.digits.size() > 1)
    out += "." + x.digits.substr(1);
  auto exponent = std::to_string(std::abs(x.exponent));
  return out + (x.exponent < 0 ? "e-" : "e+") + (exponent.size() < 2 ? "0" : "") + exponent;
}

std::string plain(const decimal& x) {
  if (x.exponent < 0)
    return "0." + std::string(static_cast<std::size_t>(-x.exponent - 1), '0') + x.digits;
  auto whole = static_cast<std::size_t>(x.exponent) + 1;
  if (x.digits.size() <= whole)
    return x.digits + std::string(whole - x.digits.size(), '0');
  return x.digits.substr(0, whole) + "." + x.digits.substr(whole);
}

template <class T>
std::string text_of(T x, int limit) {
  if (std::isnan(x))
    return "NaN";
  auto sign = std::string(std::signbit(x) ? "-" : "");
  if (std::isinf(x))
    return sign + "Infinity";
  if (x == 0)
    return sign + "0";
  auto digits = shortest(std::abs(x));
  return sign + (digits.exponent >= -4 && digits.exponent < limit ? plain(digits) : with_exponent(digits));
}

} // namespace

std::string text_of_double(double x) { return text_of(x, 15); }

std::string text_of_float(float x) { return text_of(x, 6); }

} // namespace millrace
