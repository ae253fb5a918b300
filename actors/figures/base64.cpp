#include "actors/figures/base64.hpp"

#include <algorithm>
#include <array>

namespace millrace {

namespace {

constexpr auto base64_values = [] {
  std::array<std::int8_t, 256> table{};
  table.fill(-1);
  constexpr std::string_view alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  for (std::size_t i = 0; i < alphabet.size(); ++i)
    table[static_cast<unsigned char>(alphabet[i])] = static_cast<std::int8_t>(i);
  return table;
}();

/// Returns the decimal digits of a big-endian magnitude.
std::string digits_of(std::string bytes) {
  std::string reversed;
  auto begin = bytes.find_first_not_of('\0');
  while (begin < bytes.size()) {
    unsigned rest = 0;
    for (auto i = begin; i < bytes.size(); ++i) {
      rest = rest * 256 + static_cast<unsigned char>(bytes[i]);
      bytes[i] = static_cast<char>(rest / 10);
      rest %= 10;
    }
    reversed += static_cast<char>('0' + rest);
    begin = bytes.find_first_not_of('\0', begin);
  }
  std::reverse(reversed.begin(), reversed.end());
  return reversed.empty() ? "0" : reversed;
}

void negate(std::string& bytes) {
  int carry = 1;
  for (auto at = bytes.rbegin(); at != bytes.rend(); ++at) {
    int x = static_cast<unsigned char>(~*at) + carry;
    *at = static_cast<char>(x);
    carry = x >> 8;
  }
}

} // namespace

std::optional<std::string> from_base64(std::string_view text) {
  while (!text.empty() && text.back() == '=')
    text.remove_suffix(1);
  if (text.size() % 4 == 1)
    return std::nullopt;
  std::string out;
  out.reserve(text.size() * 3 / 4);
  std::uint32_t bits = 0;
  int have = 0;
  for (auto c : text) {
    auto x = base64_values[static_cast<unsigned char>(c)];
    if (x < 0)
      return std::nullopt;
    bits = bits << 6 | static_cast<std::uint32_t>(x);
    if ((have += 6) >= 8)
      out += static_cast<char>(bits >> (have -= 8));
  }
  return out;
}

std::optional<decimal> decimal_from_base64(std::string_view text, int scale) {
  auto bytes = from_base64(text);
  if (!bytes || bytes->empty())
    return std::nullopt;
  decimal x;
  x.negative = (bytes->front() & 0x80) != 0;
  if (x.negative)
    negate(*bytes);
  x.digits = digits_of(std::move(*bytes));
  x.scale = scale;
  if (scale < 0 && x.digits != "0")
    x.digits.append(static_cast<std::size_t>(-scale), '0');
  x.scale = std::max(scale, 0);
  return x;
}

} // namespace millrace
