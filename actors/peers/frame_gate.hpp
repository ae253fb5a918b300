#pragma once

/// Checks a connection's bytes before CAF reads them. CAF 0.17 trusts a frame's header. It
/// allocates as many bytes as the header announces, up to 4 GiB. It reads past the end of a frame that should
/// have a payload and has none.
///
///     frame: operation 1 | padding 2 | flags 1 | payload's length 4 | 24 more | payload
///
/// It stops malformed input, but not a client that speaks CAF's protocol. TLS stops that one.

#include <array>
#include <cstddef>
#include <cstdint>

namespace millrace::peers {

/// Which side of the connection sends the bytes.
enum class from { client, server };

class frame_gate {
 public:
  explicit frame_gate(from whom) : whom_(whom) {}

  /// Returns whether the next bytes continue valid frames of a node. Don't call it again after it returned
  /// false.
  bool lets_through(const void* bytes, std::size_t size);
  /// Returns whether a complete handshake frame has arrived.
  bool is_greeted() const { return frames_ > 0 && payload_left_ == 0; }

 private:
  static constexpr std::size_t header_size = 32;

  bool is_sound() const;
  std::uint32_t payload_size() const;

  from whom_;
  std::array<unsigned char, header_size> header_{};
  std::size_t header_have_ = 0;
  std::uint32_t payload_left_ = 0;
  std::uint64_t frames_ = 0; ///< frames with valid headers
};

} // namespace millrace::peers
