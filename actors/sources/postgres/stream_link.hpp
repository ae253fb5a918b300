#pragma once

/// A stream that is opened again when its connection was lost.

#include "actors/sources/postgres/change_stream.hpp"

namespace millrace::postgres {

/// For one thread.
class stream_link {
 public:
  /// `how.from` isn't used: the link begins where the slot is.
  explicit stream_link(stream_settings how);

  /// Reads as change_stream does. Opens the stream if there is none, which can take as long as the server's
  /// connect_timeout. While the server can't be reached it waits, and returns an empty batch that reached
  /// nothing. It tries again after 100 ms, then twice as long each time, up to 5 s. It logs a lost connection
  /// once, and its return.
  ///
  /// A problem is one that time doesn't mend: the slot is gone, lost WAL or another one's, the server is
  /// another one, the publication is missing, or the server breaks the protocol.
  outcome<stream_batch> poll(std::size_t budget, std::chrono::milliseconds wait);

  /// Everything up to `x` is durable.
  void confirm(const wal_position& x);
  const wal_position& confirmed() const { return confirmed_; }

  /// Closes the connection. The next poll() begins again with the first transaction that isn't confirmed.
  void restart();
  /// The same, and the link forgets what was confirmed: another reader may confirm more.
  void release();

  /// The log must be of this server. Otherwise the first connection decides.
  void expect(const system_identity& server) { server_ = server; }
  const std::optional<system_identity>& server() const { return server_; }

 private:
  using clock = std::chrono::steady_clock;

  outcome<void> open();
  outcome<void> failed(const problem& why);
  void reads_again();

  stream_settings how_;
  std::optional<change_stream> stream_;
  wal_position confirmed_;
  std::optional<system_identity> server_;

  // Since the connection was lost.
  int failures_ = 0;
  bool said_ = false;
  clock::time_point since_, next_try_;
};

} // namespace millrace::postgres
