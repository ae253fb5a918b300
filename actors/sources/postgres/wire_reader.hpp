#pragma once

/// Reads the fields of a message of PostgreSQL's protocol. Every read checks the bounds.

#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>

namespace millrace::postgres {

/// Bytes that aren't a message. It names the message and the offset in bytes.
struct malformed : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// Numbers are in network byte order. Throws malformed.
class wire_reader {
 public:
  /// `name` is the message's, for errors. Both must outlive this.
  wire_reader(std::string_view bytes, const char* name) : bytes_(bytes), name_(name) {}

  std::uint8_t u8() { return static_cast<std::uint8_t>(number(1)); }
  std::uint16_t u16() { return static_cast<std::uint16_t>(number(2)); }
  std::uint32_t u32() { return static_cast<std::uint32_t>(number(4)); }
  std::uint64_t u64() { return number(8); }
  /// Returns the text before the next zero byte.
  std::string_view text();
  std::string_view bytes(std::size_t count);
  /// Returns the rest.
  std::string_view rest() { return bytes(left()); }

  std::size_t left() const { return bytes_.size() - at_; }
  /// Throws if bytes are left.
  void want_end() const;
  [[noreturn]] void refuse(const std::string& why) const;
  /// From now on errors name this message.
  void rename(const char* name) { name_ = name; }

 private:
  std::uint64_t number(std::size_t size);

  std::string_view bytes_;
  std::size_t at_ = 0;
  const char* name_;
};

} // namespace millrace::postgres
