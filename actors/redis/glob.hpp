#pragma once

/// Patterns for SCAN and KEYS.

#include <string>
#include <string_view>

namespace millrace::redis {

/// Returns the pattern that matches exactly this text. Outside brackets, Redis's patterns have four
/// special characters (stringmatchlen in its util.c).
inline std::string escaped_glob(std::string_view text) {
  std::string out;
  for (auto c : text) {
    if (std::string_view("*?[\\").find(c) != std::string_view::npos)
      out += '\\';
    out += c;
  }
  return out;
}

} // namespace millrace::redis
