#include "actors/peers/porter.hpp"

#include "actors/peers/handshake.hpp"

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace millrace::peers {

namespace {

using clock = std::chrono::steady_clock;

/// The pause when the process has no free file descriptors. Other connections can close meanwhile.
constexpr std::chrono::milliseconds pause_without_descriptors{100};

void ring(int bell) {
  std::uint64_t one = 1;
  (void)!::write(bell, &one, sizeof one);
}

std::string address_text(const sockaddr_storage& x, socklen_t size) {
  char host[NI_MAXHOST] = "?";
  (void)::getnameinfo(reinterpret_cast<const sockaddr*>(&x), size, host, sizeof host, nullptr, 0,
                      NI_NUMERICHOST);
  return host;
}

std::uint16_t port_of(int socket) {
  sockaddr_storage at{};
  socklen_t size = sizeof at;
  ::getsockname(socket, reinterpret_cast<sockaddr*>(&at), &size);
  return ntohs(at.ss_family == AF_INET6 ? reinterpret_cast<sockaddr_in6&>(at).sin6_port
                                        : reinterpret_cast<sockaddr_in&>(at).sin_port);
}

result<socket_holder> listen_at(const addrinfo& at) {
  socket_holder out(::socket(at.ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  int on = 1;
  ::setsockopt(out.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (::bind(out.get(), at.ai_addr, at.ai_addrlen) != 0 || ::listen(out.get(), SOMAXCONN) != 0)
    return error{errc::bad_setting, std::strerror(errno)};
  return out;
}

result<socket_holder> listen_at(const std::string& host, std::uint16_t port) {
  addrinfo wanted{}, *found = nullptr;
  wanted.ai_socktype = SOCK_STREAM;
  wanted.ai_flags = AI_PASSIVE;
  if (auto failed =
          ::getaddrinfo(host.empty() ? nullptr : host.c_str(), std::to_string(port).c_str(), &wanted, &found))
    return error{errc::bad_setting, ::gai_strerror(failed)};
  std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> all{found, ::freeaddrinfo};
  result<socket_holder> out = error{errc::bad_setting, "this machine doesn't have this address"};
  for (auto* one = found; one && !out; one = one->ai_next)
    out = listen_at(*one);
  return out;
}

} // namespace

/// A connection that hasn't shown a certificate yet.
struct porter::visitor {
  socket_holder socket;
  handshake shaking;
  std::string who;
  clock::time_point deadline;
  handshake::state now = handshake::state::reads;
  bool said_something = false;
};

result<std::unique_ptr<porter>> porter::open(porter_settings how) {
  auto door = listen_at(how.host, how.port);
  if (!door)
    return door.why();
  auto port = port_of(door->get());
  return std::unique_ptr<porter>(new porter(std::move(how), std::move(*door), port));
}

porter::porter(porter_settings how, socket_holder door, std::uint16_t port)
    : how_(std::move(how)), door_(std::move(door)), bell_(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)),
      end_(::eventfd(0, EFD_CLOEXEC)), port_(port), thread_([this] { run(); }) {}

porter::~porter() {
  ring(end_.get());
  thread_.join();
}

std::optional<guest> porter::next() {
  std::lock_guard lock(guard_);
  if (in_.empty()) {
    std::uint64_t rung = 0;
    (void)!::read(bell_.get(), &rung, sizeof rung);
    return std::nullopt;
  }
  std::optional<guest> out(std::move(in_.front()));
  in_.pop_front();
  return out;
}

void porter::run() {
  for (auto next_ring = clock::now() + how_.bell_interval;;) {
    auto all = watched();
    if (::poll(all.data(), all.size(), milliseconds_to_deadline(next_ring)) < 0 && errno != EINTR)
      return;
    if (all[0].revents)
      return;
    std::size_t at = 2;
    for (auto one = waiting_.begin(); one != waiting_.end(); ++at)
      one = all[at].revents && is_through(*one) ? waiting_.erase(one) : std::next(one);
    refuse_the_late();
    if (all[1].revents)
      accept_all();
    if (next_ring <= clock::now()) {
      ring(bell_.get());
      next_ring = clock::now() + how_.bell_interval;
    }
  }
}

/// Returns the end's descriptor, the listener's, then the waiting connections', in this order.
std::vector<pollfd> porter::watched() const {
  std::vector<pollfd> out{{end_.get(), POLLIN, 0}, {door_.get(), POLLIN, 0}};
  for (auto& one : waiting_) {
    short events = one.now == handshake::state::writes ? POLLOUT : POLLIN;
    out.push_back({one.socket.get(), events, 0});
  }
  return out;
}

int porter::milliseconds_to_deadline(clock::time_point next_ring) const {
  auto first = waiting_.empty() ? next_ring : std::min(next_ring, waiting_.front().deadline);
  auto left = std::chrono::ceil<std::chrono::milliseconds>(first - clock::now());
  return static_cast<int>(std::max<std::int64_t>(0, left.count()));
}

void porter::accept_all() {
  for (;;) {
    sockaddr_storage from{};
    socklen_t size = sizeof from;
    socket_holder socket(
        ::accept4(door_.get(), reinterpret_cast<sockaddr*>(&from), &size, SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (socket.get() >= 0) {
      bound_silence(socket.get());
      meet(std::move(socket), address_text(from, size));
      continue;
    }
    if (errno == EMFILE || errno == ENFILE)
      std::this_thread::sleep_for(pause_without_descriptors);
    if (errno != ECONNABORTED && errno != EINTR)
      return;
  }
}

void porter::meet(socket_holder socket, std::string who) {
  if (!how_.tls)
    return let_in({std::move(socket)});
  auto room = make_room(who);
  auto shaking = handshake::as_server(*how_.tls, socket.get());
  visitor x{std::move(socket), std::move(shaking), std::move(who), clock::now() + how_.patience};
  if (room)
    waiting_.push_back(std::move(x));
  else
    refuse(x, "too many other handshakes are under way");
}

/// Returns whether one more connection from this address may wait.
bool porter::make_room(const std::string& who) {
  auto of_address = static_cast<std::size_t>(
      std::count_if(waiting_.begin(), waiting_.end(), [&](auto& x) { return x.who == who; }));
  if (of_address >= how_.most_of_address && !drop_a_silent_one(who))
    return false;
  return waiting_.size() < how_.most_waiting || drop_a_silent_one({});
}

/// Refuses the oldest connection that has sent nothing yet, of this address or (empty) of all.
bool porter::drop_a_silent_one(const std::string& who) {
  auto found = std::find_if(waiting_.begin(), waiting_.end(),
                            [&](auto& x) { return !x.said_something && (who.empty() || x.who == who); });
  if (found == waiting_.end())
    return false;
  refuse(*found, "it sent nothing, and other clients needed its slot");
  waiting_.erase(found);
  return true;
}

/// Continues a handshake. Returns whether it has ended.
bool porter::is_through(visitor& x) {
  x.said_something = true;
  x.now = x.shaking.go_on();
  if (x.now == handshake::state::failed)
    refuse(x, x.shaking.why());
  if (x.now == handshake::state::done)
    let_in({std::move(x.socket), x.shaking.take()});
  return x.now == handshake::state::failed || x.now == handshake::state::done;
}

void porter::refuse_the_late() {
  for (auto now = clock::now(); !waiting_.empty() && waiting_.front().deadline <= now; waiting_.pop_front())
    refuse(waiting_.front(), "it sent nothing");
}

void porter::refuse(const visitor& x, const std::string& why) {
  if (how_.refused)
    how_.refused(x.who, why);
}

void porter::let_in(guest x) {
  std::lock_guard lock(guard_);
  in_.push_back(std::move(x));
  ring(bell_.get());
}

} // namespace millrace::peers
