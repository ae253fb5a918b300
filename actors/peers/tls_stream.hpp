#pragma once

/// Bytes through TLS, on a socket that doesn't block.

#include "actors/peers/tls_context.hpp"

#include <cstddef>

namespace millrace::peers {

enum class moved { some, none_yet, broken };

/// `done`: how many bytes. An empty buffer moves none.
moved read(SSL& tls, void* into, std::size_t size, std::size_t& done);
moved write(SSL& tls, const void* from, std::size_t size, std::size_t& done);

} // namespace millrace::peers
