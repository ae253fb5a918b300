/// Decimals as texts and as Debezium's base64: what is taken prints as a text that is the same number.

#include "actors/figures/values/base64.hpp"
#include "actors/figures/values/numeric.hpp"
#include "tests/fuzz/input.hpp"

using namespace millrace;

namespace {

/// There is no negative zero.
bool same(const decimal& a, const decimal& b) {
  return (a.negative == b.negative || a.digits == "0") && a.digits == b.digits && a.scale == b.scale;
}

void check(const decimal& x) {
  fuzz::holds(fits_numeric(x), "a number that is taken fits PostgreSQL's numeric");
  auto back = decimal_from_text(plain_text(x));
  fuzz::holds(back && same(*back, x), "a number's text is that number");
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  fuzz::input in(bytes, size);
  auto scale = static_cast<int>(in.below(40));
  auto text = in.rest();
  auto read = decimal_from_text(text);
  if (read)
    check(*read);
  auto direct = scaled_from_text(text, scale);
  fuzz::holds(direct == (read ? scaled(*read, scale) : std::nullopt), "the short way comes to the same");
  if (auto x = decimal_from_base64(text, scale))
    check(*x);
  return 0;
}
