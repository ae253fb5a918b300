#pragma once

/// The fuzzer's bytes as the parts of a target's input, and what must hold of them.

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

namespace millrace::fuzz {

class input {
 public:
  input(const std::uint8_t* bytes, std::size_t size) : left_(reinterpret_cast<const char*>(bytes), size) {}

  /// Returns a number below `limit` <= 256, by one byte.
  std::size_t below(std::size_t limit) {
    if (left_.empty())
      return 0;
    auto out = static_cast<unsigned char>(left_.front()) % limit;
    left_.remove_prefix(1);
    return out;
  }
  /// Returns the text before the next newline.
  std::string text() {
    auto end = left_.find('\n');
    std::string out(left_.substr(0, end));
    left_.remove_prefix(end == std::string_view::npos ? left_.size() : end + 1);
    return out;
  }
  std::string rest() { return std::string(left_); }

 private:
  std::string_view left_;
};

/// Ends the run where it doesn't.
inline void holds(bool x, const char* what) {
  if (x)
    return;
  std::fprintf(stderr, "it doesn't hold that %s\n", what);
  std::abort();
}

} // namespace millrace::fuzz
