#pragma once

/// A connection to another node, as CAF's broker has it: bytes go through a gate,
/// and through TLS if the connection has it. All of it is called from the
/// multiplexer's thread, but the constructor.

#include "actors/peers/connections.hpp"
#include "actors/peers/frame_gate.hpp"
#include "actors/peers/guest.hpp"

#include <caf/all.hpp>
#include <caf/io/network/default_multiplexer.hpp>
#include <caf/io/network/stream_impl.hpp>
#include <caf/io/scribe.hpp>

#include <memory>

namespace millrace {

/// How CAF's stream reads and writes (a policy as caf::policy::tcp is).
class node_wire {
 public:
  using rw_state = caf::io::network::rw_state;

  node_wire(peers::ssl_ptr tls, peers::from whom, std::shared_ptr<peers::presence> here)
      : tls_(std::move(tls)), gate_(whom), here_(std::move(here)) {}
  ~node_wire() { here_->gone = true; }

  rw_state read_some(std::size_t& done, int socket, void* into, std::size_t size);
  rw_state write_some(std::size_t& done, int socket, const void* from, std::size_t size);
  /// Tells whether TLS has bytes that the socket doesn't show.
  bool must_read_more(int, std::size_t threshold);

 private:
  peers::ssl_ptr tls_;
  peers::frame_gate gate_;
  std::shared_ptr<peers::presence> here_;
};

/// CAF makes room for all that a header announces before a byte of it has come. So a large
/// frame is asked for in slices, and memory grows with what comes.
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
  std::size_t wanted_ = 0;  ///< bytes of the frame that comes in slices
  bool large_ = false;      ///< the broker is shown the frame, not the stream's buffer
  std::vector<char> frame_; ///< what has come of it
  std::shared_ptr<peers::presence> here_;
  caf::io::network::stream_impl<node_wire> stream_;
};

} // namespace millrace
