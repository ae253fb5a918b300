#include "actors/figures/values/decimal_text.hpp"

#include <algorithm>
#include <charconv>

namespace millrace {

namespace {

constexpr int most_digits = 18;
constexpr int longest_exponent = 150'000;
constexpr std::size_t longest_text = most_whole_digits + most_fraction_digits + 16; // sign, point, exponent

bool is_digit(char x) { return x >= '0' && x <= '9'; }

/// Appends the leading digits of `text` to `out`. Returns how many.
std::size_t take_digits(std::string_view& text, std::string& out) {
  auto n = static_cast<std::size_t>(std::find_if_not(text.begin(), text.end(), is_digit) - text.begin());
  out.append(text.substr(0, n));
  text.remove_prefix(n);
  return n;
}

void trim_zeros(std::string& digits) {
  auto first = digits.find_first_not_of('0');
  digits.erase(0, first == std::string::npos ? digits.size() - 1 : first);
}

/// Reads "E-7" at the end of a number. Returns false if other text follows.
bool take_exponent(std::string_view text, int& exponent) {
  if (text.empty())
    return true;
  if (text.front() != 'e' && text.front() != 'E')
    return false;
  text.remove_prefix(1);
  if (!text.empty() && text.front() == '+')
    text.remove_prefix(1);
  auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), exponent);
  return code == std::errc{} && end == text.data() + text.size() && std::abs(exponent) < longest_exponent;
}

/// Reads "123.45" with at most `scale` digits after the point and 18 in total.
std::optional<std::int64_t> usual_form(std::string_view text, int scale) {
  auto negative = !text.empty() && text.front() == '-';
  std::int64_t x = 0;
  int digits = 0;
  int behind = -1;
  for (auto c : text.substr(negative ? 1 : 0))
    if (is_digit(c) && ++digits <= most_digits) {
      x = x * 10 + (c - '0');
      behind += behind >= 0 ? 1 : 0;
    } else if (c == '.' && behind < 0 && digits > 0) {
      behind = 0;
    } else {
      return std::nullopt;
    }
  behind = std::max(behind, 0);
  if (digits == 0 || behind > scale || digits + scale - behind > most_digits)
    return std::nullopt;
  for (; behind < scale; ++behind)
    x *= 10;
  return negative ? -x : x;
}

} // namespace

bool fits_numeric(const decimal& x) {
  return x.scale >= 0 && x.scale <= most_fraction_digits
         && x.digits.size()
                <= static_cast<std::size_t>(most_whole_digits) + static_cast<std::size_t>(x.scale);
}

std::optional<decimal> decimal_from_text(std::string_view text) {
  if (text.size() > longest_text)
    return std::nullopt;
  decimal x;
  x.digits.clear();
  if (!text.empty() && (text.front() == '-' || text.front() == '+')) {
    x.negative = text.front() == '-';
    text.remove_prefix(1);
  }
  auto before = take_digits(text, x.digits);
  std::size_t behind = 0;
  if (!text.empty() && text.front() == '.') {
    text.remove_prefix(1);
    behind = take_digits(text, x.digits);
  }
  int exponent = 0;
  if (before + behind == 0 || !take_exponent(text, exponent))
    return std::nullopt;
  x.scale = static_cast<int>(behind) - exponent;
  if (x.scale < 0) {
    x.digits.append(static_cast<std::size_t>(-x.scale), '0');
    x.scale = 0;
  }
  trim_zeros(x.digits);
  if (!fits_numeric(x))
    return std::nullopt;
  return x;
}

std::optional<decimal> rescaled(decimal x, int scale) {
  for (; x.scale > scale; --x.scale) {
    if (x.digits.back() != '0')
      return std::nullopt;
    if (x.digits.size() > 1)
      x.digits.pop_back();
  }
  if (x.digits != "0" && x.scale < scale)
    x.digits.append(static_cast<std::size_t>(scale - x.scale), '0');
  x.scale = scale;
  return x;
}

std::optional<std::int64_t> scaled(const decimal& x, int scale) {
  auto out = rescaled(x, scale);
  if (!out || out->digits.size() > std::size_t{most_digits})
    return std::nullopt;
  std::int64_t n = 0;
  std::from_chars(out->digits.data(), out->digits.data() + out->digits.size(), n);
  return x.negative ? -n : n;
}

std::optional<std::int64_t> scaled_from_text(std::string_view text, int scale) {
  if (auto x = usual_form(text, scale))
    return x;
  auto x = decimal_from_text(text);
  return x ? scaled(*x, scale) : std::nullopt;
}

std::string plain_text(const decimal& x) {
  auto scale = static_cast<std::size_t>(x.scale);
  auto text = x.digits;
  if (text.size() <= scale)
    text.insert(0, scale + 1 - text.size(), '0');
  if (scale > 0)
    text.insert(text.size() - scale, 1, '.');
  return x.negative && x.digits != "0" ? "-" + text : text;
}

} // namespace millrace
