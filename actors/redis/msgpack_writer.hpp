#pragma once

/// msgpack for Redis's Lua: only the forms that cmsgpack and the functions read.

#include "actors/figures/values/numeric.hpp"

#include <msgpack.hpp>

#include <string_view>

namespace millrace::redis {

/// Appends msgpack to a string.
class msgpack_writer {
 public:
  explicit msgpack_writer(std::string& out) : to_{out}, packer_(to_) {}
  msgpack_writer& list(std::size_t n) { return packer_.pack_array(static_cast<std::uint32_t>(n)), *this; }
  msgpack_writer& map(std::size_t n) { return packer_.pack_map(static_cast<std::uint32_t>(n)), *this; }
  msgpack_writer& number(std::int64_t x) { return packer_.pack_int64(x), *this; }
  msgpack_writer& flag(bool x) { return x ? packer_.pack_true() : packer_.pack_false(), *this; }
  msgpack_writer& text(std::string_view x) {
    packer_.pack_str(static_cast<std::uint32_t>(x.size()));
    packer_.pack_str_body(x.data(), static_cast<std::uint32_t>(x.size()));
    return *this;
  }
  /// Appends a text that is msgpack already.
  msgpack_writer& raw(std::string_view x) { return to_.write(x.data(), x.size()), *this; }
  /// Appends a number if a Lua double holds it exactly, else decimal text.
  msgpack_writer& integer(const wide& x) {
    constexpr std::int64_t bound = (std::int64_t{1} << 53) - 1;
    if (x <= wide(bound) && x >= wide(-bound))
      return number(static_cast<std::int64_t>(x.limbs().limb[0]));
    return text(to_text(wide_decimal{x, 0}));
  }

 private:
  struct appender {
    std::string& out;
    void write(const char* data, std::size_t size) { out.append(data, size); }
  };
  appender to_;
  msgpack::packer<appender> packer_;
};

} // namespace millrace::redis
