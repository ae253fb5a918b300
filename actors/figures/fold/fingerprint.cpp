#include "actors/figures/fold/fingerprint.hpp"

#include <algorithm>
#include <cstring>

namespace millrace {

namespace {

/// How far Redis's clock, by which it expires keys, can be ahead of the tick.
constexpr std::int64_t early_seconds = 2;

std::uint64_t mixed(std::uint64_t x) { // Source: splitmix64, Sebastiano Vigna
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9U;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebU;
  return x ^ (x >> 31);
}

std::uint64_t hashed(std::uint64_t seed, std::string_view text) {
  auto out = mixed(seed + 0x9e3779b97f4a7c15U + text.size());
  for (; !text.empty(); text.remove_prefix(std::min<std::size_t>(8, text.size()))) {
    std::uint64_t word = 0;
    std::memcpy(&word, text.data(), std::min<std::size_t>(8, text.size()));
    out = mixed(out + 0x9e3779b97f4a7c15U + word);
  }
  return out;
}

bool is_absent(const place_content& x) {
  return std::none_of(x.begin(), x.end(), [](auto& text) { return text.has_value(); });
}

} // namespace

std::uint64_t fingerprint(const place_content& x) {
  std::uint64_t out = 0;
  for (auto& text : x)
    out = text ? hashed(out, *text) : mixed(out + 1);
  return out == 0 ? 1 : out;
}

bool stands(const place_check& left, const place_content& have) {
  return fingerprint(have) == left.fingerprint || (left.fingerprint == 0 && is_absent(have));
}

bool may_have_expired(const target& at, std::int64_t written, tick_seconds now) {
  return at.ttl_seconds > 0 && (written == 0 || now.value + early_seconds >= written + at.ttl_seconds);
}

} // namespace millrace
