#include "nodes/node/node_wire.hpp"

#include "actors/peers/tls_stream.hpp"

#include <caf/io/all.hpp>
#include <caf/policy/tcp.hpp>

#include <sys/socket.h>

#include <algorithm>
#include <utility>

namespace millrace {

namespace {

using clock = std::chrono::steady_clock;
using rw_state = caf::io::network::rw_state;

/// How many bytes of a large frame are read at a time.
constexpr std::size_t slice = 256 << 10;

std::shared_ptr<peers::presence> begin_presence(int socket) {
  return std::make_shared<peers::presence>(peers::presence{socket, clock::now()});
}

rw_state state_of(peers::moved x, std::size_t wanted) {
  if (x == peers::moved::broken)
    return rw_state::failure;
  return wanted > 0 ? rw_state::success : rw_state::indeterminate;
}

} // namespace

rw_state node_wire::read_some(std::size_t& done, int socket, void* into, std::size_t size) {
  auto state = tls_ ? state_of(peers::read(*tls_, into, size, done), size)
                    : caf::policy::tcp::read_some(done, socket, into, size);
  if (state != rw_state::success)
    return state;
  if (!gate_.lets_through(into, done))
    return rw_state::failure;
  here_->greeted = here_->greeted || gate_.is_greeted();
  if (here_->greeted) // before the greeting, bytes don't extend the time limit
    here_->heard = clock::now();
  return rw_state::success;
}

rw_state node_wire::write_some(std::size_t& done, int socket, const void* from, std::size_t size) {
  return tls_ ? state_of(peers::write(*tls_, from, size, done), size)
              : caf::policy::tcp::write_some(done, socket, from, size);
}

bool node_wire::must_read_more(int, std::size_t threshold) {
  return tls_ && static_cast<std::size_t>(SSL_pending(tls_.get())) >= threshold;
}

node_scribe::node_scribe(caf::io::network::default_multiplexer& in, peers::guest x, peers::from whom)
    : caf::io::scribe(caf::io::network::conn_hdl_from_socket(x.socket.get())),
      here_(begin_presence(x.socket.get())), stream_(in, x.socket.release(), std::move(x.tls), whom, here_) {}

/// The first call starts the stream.
void node_scribe::configure_read(caf::io::receive_policy::config config) {
  auto& [rule, size] = config;
  wanted_ = rule == caf::io::receive_policy_flag::exactly && size > slice ? size : 0;
  if (wanted_ > 0)
    take_slice();
  else
    stream_.configure_read(config);
  if (!launched_)
    stream_.start(this);
  launched_ = true;
}

void node_scribe::take_slice() {
  stream_.configure_read(caf::io::receive_policy::exactly(std::min(slice, wanted_ - frame_.size())));
}

/// The broker gets a large frame when it is complete.
bool node_scribe::consume(caf::execution_unit* in, const void* bytes, std::size_t size) {
  if (wanted_ == 0)
    return caf::io::scribe::consume(in, bytes, size);
  auto* begin = static_cast<const char*>(bytes);
  frame_.insert(frame_.end(), begin, begin + size);
  if (frame_.size() < wanted_) {
    take_slice();
    return true;
  }
  auto whole = std::exchange(wanted_, 0);
  large_ = true;
  auto goes_on = caf::io::scribe::consume(in, frame_.data(), whole);
  large_ = false;
  std::vector<char>().swap(frame_);
  return goes_on;
}

void node_scribe::graceful_shutdown() {
  stream_.graceful_shutdown();
  detach(&stream_.backend(), false);
}

std::string node_scribe::addr() const {
  auto found = caf::io::network::remote_addr_of_fd(stream_.fd());
  return found ? *found : "";
}

std::uint16_t node_scribe::port() const {
  auto found = caf::io::network::remote_port_of_fd(stream_.fd());
  return found ? *found : 0;
}

} // namespace millrace
