#include "actors/figures/values/base64.hpp"

#include <algorithm>
#include <array>
#include <vector>

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

/// More bytes exceed PostgreSQL's numeric: log2(10) / 8 bytes per digit.
constexpr std::size_t most_bytes = (most_whole_digits + most_fraction_digits) * 416ULL / 1000 + 2;

/// Appends nine digits, with leading zeros.
void append_limb(std::string& to, std::uint32_t limb) {
  auto end = to.size() + 9;
  to.append(9, '0');
  for (; limb > 0; limb /= 10)
    to[--end] = static_cast<char>('0' + limb % 10);
}

/// Returns the decimal digits of a big-endian magnitude. Uses limbs of nine digits, and adds 32 bits at a
/// time.
std::string digits_of(std::string bytes) {
  constexpr std::uint64_t base = 1'000'000'000;
  bytes.insert(0, (4 - bytes.size() % 4) % 4, '\0');
  std::vector<std::uint32_t> limbs; // least significant first
  for (std::size_t i = 0; i < bytes.size(); i += 4) {
    std::uint64_t carry = 0;
    for (std::size_t j = 0; j < 4; ++j)
      carry = carry << 8 | static_cast<unsigned char>(bytes[i + j]);
    for (auto& limb : limbs) {
      carry += std::uint64_t{limb} << 32;
      limb = static_cast<std::uint32_t>(carry % base);
      carry /= base;
    }
    for (; carry > 0; carry /= base)
      limbs.push_back(static_cast<std::uint32_t>(carry % base));
  }
  std::string out;
  for (auto limb = limbs.rbegin(); limb != limbs.rend(); ++limb)
    append_limb(out, *limb);
  out.erase(0, out.find_first_not_of('0'));
  return out.empty() ? "0" : out;
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
  if (!bytes || bytes->empty() || bytes->size() > most_bytes || scale < -most_whole_digits)
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
  if (!fits_numeric(x))
    return std::nullopt;
  return x;
}

} // namespace millrace
