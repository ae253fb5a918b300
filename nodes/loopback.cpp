#include "nodes/loopback.hpp"

namespace millrace {

namespace {

/// Not with the library's SO_REUSEPORT, which lets a second program share the port in
/// silence, and refuses one that was closed a moment ago.
void reuse_address(socket_t socket) {
  int yes = 1;
  setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
}

} // namespace

loopback_server::~loopback_server() { stop(); }

/// Returns only once it listens: the library forgets a stop that comes before.
bool loopback_server::serve(std::uint16_t port) {
  server_.set_socket_options(reuse_address);
  if (!server_.bind_to_port("127.0.0.1", port))
    return false;
  thread_ = std::thread([this] {
    server_.listen_after_bind();
    ended_ = true;
  });
  while (!server_.is_running() && !ended_)
    std::this_thread::yield();
  return true;
}

void loopback_server::stop() {
  server_.stop();
  if (thread_.joinable())
    thread_.join();
}

} // namespace millrace
