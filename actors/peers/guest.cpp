#include "actors/peers/guest.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

namespace millrace::peers {

namespace {

constexpr unsigned unacknowledged_ms = 10'000;
constexpr int idle_seconds = 4, probe_seconds = 2, probes = 3;

} // namespace

socket_holder::~socket_holder() {
  if (fd_ >= 0)
    ::close(fd_);
}

void bound_silence(int socket) {
  int on = 1;
  ::setsockopt(socket, IPPROTO_TCP, TCP_USER_TIMEOUT, &unacknowledged_ms, sizeof unacknowledged_ms);
  ::setsockopt(socket, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
  ::setsockopt(socket, IPPROTO_TCP, TCP_KEEPIDLE, &idle_seconds, sizeof idle_seconds);
  ::setsockopt(socket, IPPROTO_TCP, TCP_KEEPINTVL, &probe_seconds, sizeof probe_seconds);
  ::setsockopt(socket, IPPROTO_TCP, TCP_KEEPCNT, &probes, sizeof probes);
}

} // namespace millrace::peers
