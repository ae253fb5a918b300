#pragma once

/// FNV-1a, 64 bits: the same on every machine and in every build. Don't use it for texts that an
/// attacker can choose.

#include <cstdint>
#include <string_view>

namespace millrace {

inline constexpr std::uint64_t fnv_start = 0xcbf29ce484222325;

/// Returns the hash of the text so far and one more byte.
constexpr std::uint64_t fnv1a(std::uint64_t hash, unsigned char byte) {
  return (hash ^ byte) * 0x100000001b3;
}

/// Returns the hash of a text. `from` is the hash of the text before it.
constexpr std::uint64_t fnv1a(std::string_view text, std::uint64_t from = fnv_start) {
  for (unsigned char byte : text)
    from = fnv1a(from, byte);
  return from;
}

} // namespace millrace
