#include "actors/peers/frame_gate.hpp"

#include <algorithm>
#include <cstring>

namespace millrace::peers {

namespace {

/// CAF's operation numbers (caf/io/basp/message_type.hpp).
constexpr unsigned server_handshake = 0, client_handshake = 1, heartbeat = 6;
constexpr std::uint32_t largest_handshake = 64 << 10;
/// The largest message between nodes: a batch with one Kafka record whose old and new row go to one cell.
/// Batches are cut at 1 MiB, and a consumer accepts records of at most 64 MiB.
constexpr std::uint32_t largest_message = 128u << 20;

} // namespace

bool frame_gate::lets_through(const void* bytes, std::size_t size) {
  auto* next = static_cast<const unsigned char*>(bytes);
  while (size > 0) {
    if (payload_left_ > 0) {
      auto part = std::min<std::size_t>(payload_left_, size);
      payload_left_ -= static_cast<std::uint32_t>(part);
      next += part;
      size -= part;
      continue;
    }
    auto part = std::min(header_size - header_have_, size);
    std::memcpy(header_.data() + header_have_, next, part);
    header_have_ += part;
    next += part;
    size -= part;
    if (header_have_ < header_size)
      return true;
    if (!is_sound())
      return false;
    payload_left_ = payload_size();
    header_have_ = 0;
    ++frames_;
  }
  return true;
}

/// Returns whether the header is valid. The first frame must be the side's handshake, which may come again
/// later.
bool frame_gate::is_sound() const {
  auto operation = header_[0];
  auto payload = payload_size();
  if (operation == (whom_ == from::client ? client_handshake : server_handshake))
    return payload > 0 && payload <= largest_handshake;
  if (frames_ == 0)
    return false;
  if (operation == heartbeat)
    return payload == 0;
  return operation > client_handshake && operation < heartbeat && payload > 0 && payload <= largest_message;
}

std::uint32_t frame_gate::payload_size() const {
  return std::uint32_t{header_[4]} << 24 | std::uint32_t{header_[5]} << 16 | std::uint32_t{header_[6]} << 8
         | header_[7];
}

} // namespace millrace::peers
