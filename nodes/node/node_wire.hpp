#pragma once

/// A connection to another node, for CAF's broker. Its bytes pass through a frame gate, and through TLS if
/// the connection has it. All functions except the constructor run in the multiplexer's thread.

#include "actors/peers/connections.hpp"
#include "actors/peers/frame_gate.hpp"
#include "actors/peers/guest.hpp"

#include <caf/all.hpp>
#include <caf/io/network/default_multiplexer.hpp>
#include <caf/io/network/stream_impl.hpp>
#include <caf/io/scribe.hpp>

#include <memory>

namespace millrace {

/// How CAF's stream reads and writes (a policy like caf::policy::tcp).
class node_wire {
 public:
  using rw_state = caf::io::network::rw_state;

  node_wire(peers::ssl_ptr tls, peers::from whom, std::shared_ptr<peers::presence> here)
      : tls_(std::move(tls)), gate_(whom), here_(std::move(here)) {}
  ~node_wire() { here_->gone = true; }

  rw_state read_some(std::size_t& done, int socket, void* into, std::size_t size);
  rw_state write_some(std::size_t& done, int socket, const void* from, std::size_t size);
  /// Returns whether TLS has bytes buffered that the socket doesn't report.
  bool must_read_more(int, std::size_t threshold);

 private:
  peers::ssl_ptr tls_;
  peers::frame_gate gate_;
  std::shared_ptr<peers::presence> here_;
};

/// CAF allocates everything that a header announces before the first byte arrives. So this scribe reads a
/// large frame in slices, and memory grows with the bytes that arrive.
class node_scribe : public caf::io::scribe {
 public:
  node_scribe(caf::io::network::default_multiplexer& in, peers::guest x, peers::from whom);

  const std::shared_ptr<peers::presence>& presence() const { return here_; }
  void configure_read(caf::io::receive_policy::config config) override;
  void ack_writes(bool enable) override { stream_.ack_writes(enable); }
  std::vector<char>& wr_buf() override { return stream_.wr_buf(); }
  std::vector<char>& rd_buf() override { return large_ ? frame_ : stream_.rd_buf(); }
  bool consume(caf::execution_unit* in, const void* bytes, std::size_t size) override;
  void graceful_shutdown() override;
  void flush() override { stream_.flush(this); }
  std::string addr() const override;
  std::uint16_t port() const override;
  void add_to_loop() override { stream_.activate(this); }
  void remove_from_loop() override { stream_.passivate(); }

 private:
  void take_slice();

  bool launched_ = false;
  std::size_t wanted_ = 0;  ///< size of the frame that is read in slices, in bytes
  bool large_ = false;      ///< the broker gets the frame, not the stream's buffer
  std::vector<char> frame_; ///< the part of it that has arrived
  std::shared_ptr<peers::presence> here_;
  caf::io::network::stream_impl<node_wire> stream_;
};

} // namespace millrace
