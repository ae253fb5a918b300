#include "nodes/node/http_connection.hpp"

#include <netdb.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <string_view>

namespace millrace {

namespace {

constexpr std::string_view end_of_headers = "\n\r\n";

/// Waits until the socket is ready. Returns false after that time, or if it is broken.
bool ready(socket_t socket, short event, std::chrono::milliseconds time) {
  pollfd one{socket, event, 0};
  auto until = std::chrono::steady_clock::now() + time;
  for (;;) {
    auto left = std::chrono::ceil<std::chrono::milliseconds>(until - std::chrono::steady_clock::now());
    auto found = ::poll(&one, 1, static_cast<int>(std::max<std::int64_t>(left.count(), 0)));
    if (found >= 0 || errno != EINTR)
      return found > 0 && (one.revents & event) != 0;
  }
}

/// Returns whether the other side has closed its end.
bool gone(socket_t socket) {
  char one;
  auto seen = ::recv(socket, &one, 1, MSG_PEEK | MSG_DONTWAIT);
  return seen == 0 || (seen < 0 && errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR);
}

using name_of = int (*)(int, sockaddr*, socklen_t*);

void tell(socket_t socket, name_of side, std::string& ip, int& port) {
  sockaddr_storage at{};
  socklen_t size = sizeof at;
  char host[NI_MAXHOST], service[NI_MAXSERV];
  if (side(socket, reinterpret_cast<sockaddr*>(&at), &size) != 0
      || ::getnameinfo(reinterpret_cast<sockaddr*>(&at), size, host, sizeof host, service, sizeof service,
                       NI_NUMERICHOST | NI_NUMERICSERV)
             != 0)
    return;
  ip = host;
  port = std::stoi(service);
}

} // namespace

http_connection::http_connection(socket_t socket, const request_bounds& bounds)
    : socket_(socket), bounds_(bounds), until_(clock::now() + bounds.whole_request) {}

bool http_connection::is_readable() const {
  return next_ < end_ || ready(socket_, POLLIN, std::chrono::milliseconds{0});
}

bool http_connection::is_writable() const {
  return ready(socket_, POLLOUT, bounds_.silence) && !gone(socket_);
}

/// Reads what has arrived. Returns false at the end, and when the time is over.
bool http_connection::fill() {
  auto left = std::chrono::ceil<std::chrono::milliseconds>(until_ - clock::now());
  auto time = std::min<std::chrono::milliseconds>(left, bounds_.silence);
  if (time.count() <= 0 || !ready(socket_, POLLIN, time))
    return false;
  auto read = ::recv(socket_, buffer_, sizeof buffer_, 0);
  next_ = 0;
  end_ = read > 0 ? static_cast<std::size_t>(read) : 0;
  return read > 0;
}

/// Counts bytes of request line and headers. Returns false when there are too many.
bool http_connection::pass_headers(const char* from, std::size_t size) {
  for (std::size_t i = 0; i < size && ended_ < end_of_headers.size(); ++i) {
    if (++header_bytes_ > bounds_.header_bytes)
      return false;
    ended_ = from[i] == end_of_headers[ended_] ? ended_ + 1 : from[i] == '\n' ? 1 : 0;
  }
  return true;
}

ssize_t http_connection::read(char* into, std::size_t size) {
  if (size == 0)
    return 0;
  if (next_ == end_ && !fill())
    return -1;
  auto some = std::min(size, end_ - next_);
  if (!pass_headers(buffer_ + next_, some))
    return -1;
  std::memcpy(into, buffer_ + next_, some);
  next_ += some;
  return static_cast<ssize_t>(some);
}

ssize_t http_connection::write(const char* from, std::size_t size) {
  return is_writable() ? ::send(socket_, from, size, MSG_NOSIGNAL) : -1;
}

void http_connection::get_remote_ip_and_port(std::string& ip, int& port) const {
  tell(socket_, ::getpeername, ip, port);
}

void http_connection::get_local_ip_and_port(std::string& ip, int& port) const {
  tell(socket_, ::getsockname, ip, port);
}

bool bounded_server::process_and_close_socket(socket_t socket) {
  http_connection one(socket, {});
  auto closed = false;
  auto done = process_request(one, true, closed, nullptr);
  ::shutdown(socket, SHUT_RDWR);
  ::close(socket);
  return done;
}

} // namespace millrace
