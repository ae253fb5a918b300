#pragma once

/// A port of our own on loopback, for the HTTP interfaces of node and generator.

#include <httplib.h>

#include <cstdint>

namespace millrace {

/// Binds the server to 127.0.0.1:`port`. Returns false where somebody else has
/// the port. Not with the library's SO_REUSEPORT, which lets a second program
/// share the port in silence, and refuses one that was closed a moment ago.
inline bool bind_to_loopback(httplib::Server& server, std::uint16_t port) {
  server.set_socket_options([](socket_t socket) {
    int yes = 1;
    setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  });
  return server.bind_to_port("127.0.0.1", port);
}

} // namespace millrace
