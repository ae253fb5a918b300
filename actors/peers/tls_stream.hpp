#pragma once

/// Reads and writes through TLS on a non-blocking socket.

#include "actors/peers/tls_context.hpp"

#include <cstddef>

namespace millrace::peers {

enum class moved { some, none_yet, broken };

/// `done` is the number of bytes read or written. An empty buffer moves none.
moved read(SSL& tls, void* into, std::size_t size, std::size_t& done);
moved write(SSL& tls, const void* from, std::size_t size, std::size_t& done);

} // namespace millrace::peers
