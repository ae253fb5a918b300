#pragma once

/// Opens a connection to another node.

#include "actors/peers/guest.hpp"

#include <chrono>
#include <cstdint>

namespace millrace::peers {

/// Connects, and does the TLS handshake if `tls` isn't null. Waits at most `limit`. An error (unavailable,
/// denied) says what the other end did.
result<guest> dial(const std::string& host, std::uint16_t port, const tls_context* tls,
                   std::chrono::milliseconds limit);

} // namespace millrace::peers
