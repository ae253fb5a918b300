#include "actors/peers/dial.hpp"

#include "actors/peers/handshake.hpp"

#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>

namespace millrace::peers {

namespace {

using clock = std::chrono::steady_clock;

/// Waits until the socket is ready. Returns false at the deadline.
bool ready(int socket, short events, clock::time_point deadline) {
  for (;;) {
    auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - clock::now()).count();
    pollfd one{socket, events, 0};
    auto found = ::poll(&one, 1, static_cast<int>(std::max<std::int64_t>(0, left)));
    if (found > 0)
      return true;
    if (found == 0 || errno != EINTR)
      return false;
  }
}

error away(const std::string& why) { return {errc::unavailable, why}; }

/// Connects to one of the addresses of a name.
result<socket_holder> connect_to(const addrinfo& at, clock::time_point deadline) {
  socket_holder out(::socket(at.ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (out.get() < 0)
    return away(std::strerror(errno));
  if (::connect(out.get(), at.ai_addr, at.ai_addrlen) == 0)
    return out;
  if (errno != EINPROGRESS)
    return away(std::strerror(errno));
  if (!ready(out.get(), POLLOUT, deadline))
    return away("it doesn't answer");
  int failure = 0;
  socklen_t size = sizeof failure;
  ::getsockopt(out.get(), SOL_SOCKET, SO_ERROR, &failure, &size);
  if (failure)
    return away(std::strerror(failure));
  return out;
}

result<socket_holder> connect_to(const std::string& host, std::uint16_t port, clock::time_point deadline) {
  addrinfo wanted{}, *found = nullptr;
  wanted.ai_socktype = SOCK_STREAM;
  if (auto failed = ::getaddrinfo(host.c_str(), std::to_string(port).c_str(), &wanted, &found))
    return away(::gai_strerror(failed));
  std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> all{found, ::freeaddrinfo};
  result<socket_holder> out = away("it has no address");
  for (auto* one = found; one && !out; one = one->ai_next)
    out = connect_to(*one, deadline);
  return out;
}

} // namespace

result<guest> dial(const std::string& host, std::uint16_t port, const tls_context* tls,
                   std::chrono::milliseconds limit) {
  auto deadline = clock::now() + limit;
  auto socket = connect_to(host, port, deadline);
  if (!socket)
    return socket.why();
  bound_silence(socket->get());
  guest out{std::move(*socket)};
  if (!tls)
    return out;
  auto shaking = handshake::as_client(*tls, out.socket.get());
  for (auto now = shaking.go_on(); now != handshake::state::done; now = shaking.go_on()) {
    if (now == handshake::state::failed)
      return error{errc::denied, shaking.why()};
    if (!ready(out.socket.get(), now == handshake::state::reads ? POLLIN : POLLOUT, deadline))
      return away("it didn't finish the TLS handshake");
  }
  out.tls = shaking.take();
  return out;
}

} // namespace millrace::peers
