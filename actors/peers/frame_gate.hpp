#pragma once

/// Looks at what a connection brings before CAF does. CAF 0.17 believes a frame's
/// header: it makes room for as many bytes as that announces, up to 4 GiB, and
/// reads behind the end of frames that should have a payload and have none.
///
///     frame: operation 1 | padding 2 | flags 1 | payload's length 4 | 24 more | payload
///
/// It keeps nonsense out, and nobody who speaks CAF's language: TLS does that.

#include <array>
#include <cstddef>
#include <cstdint>

namespace millrace::peers {

/// Which side of the connection the bytes come from.
enum class from { client, server };

class frame_gate {
 public:
  explicit frame_gate(from whom) : whom_(whom) {}

  /// Returns whether the bytes that come next are, so far, frames that a node sends. After a no it
  /// isn't asked again.
  bool lets_through(const void* bytes, std::size_t size);
  /// Tells whether a whole handshake has come.
  bool is_greeted() const { return frames_ > 0 && payload_left_ == 0; }

 private:
  static constexpr std::size_t header_size = 32;

  bool is_sound() const;
  std::uint32_t payload_size() const;

  from whom_;
  std::array<unsigned char, header_size> header_{};
  std::size_t header_have_ = 0;
  std::uint32_t payload_left_ = 0;
  std::uint64_t frames_ = 0; ///< whose headers were sound
};

} // namespace millrace::peers
