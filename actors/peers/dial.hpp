#pragma once

/// The way to another node.

#include "actors/peers/guest.hpp"

#include <chrono>
#include <cstdint>

namespace millrace::peers {

/// Connects, and has the handshake where `tls` isn't null. Waits no longer than
/// `limit`. An error (unavailable, denied) says what the other end does.
result<guest> dial(const std::string& host, std::uint16_t port, const tls_context* tls,
                   std::chrono::milliseconds limit);

} // namespace millrace::peers
