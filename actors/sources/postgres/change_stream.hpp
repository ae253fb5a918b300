#pragma once

/// PostgreSQL's changes, from one slot, in the order of their commits.
///
///     auto stream = change_stream::open(how);
///     for (;;) {
///       auto batch = stream->poll(1 << 20, 5ms);   // reads at most about 1 MiB
///       ...                                         // batch->events, batch->reached
///       stream->confirm(durable);
///     }
///
/// After an error the stream is of no more use: open another one, which begins with the first transaction
/// that isn't confirmed, with the same positions.

#include "actors/figures/plan/plan.hpp"
#include "actors/sources/postgres/problem.hpp"
#include "actors/sources/postgres/replication_connection.hpp"
#include "actors/sources/postgres/stream_events.hpp"

#include <chrono>
#include <memory>
#include <string>
#include <vector>

namespace millrace::postgres {

struct stream_settings {
  settings server;
  std::string slot, publication;
  const plan_set* plans = nullptr; ///< must outlive the stream
  wal_position from;               ///< everything up to it is durable; {}: what the slot has as confirmed
  std::chrono::milliseconds status_interval{1'000};
  /// Confirms as far as the server has come while all that was read is durable. Otherwise it confirms no more
  /// than confirm() says, so what the slot has as confirmed is never ahead of the reader's own record of it.
  bool confirms_quiet = true;
  /// After how long a server that says nothing counts as gone.
  std::chrono::milliseconds silence{60'000};
};

struct stream_batch {
  std::vector<stream_event> events;
  std::size_t bytes = 0; ///< as they came from the server
  /// Everything up to it was read, this batch included. Moves on while the captured tables are quiet.
  wal_position reached;
};

struct stream_counts {
  std::uint64_t bytes = 0, skipped = 0; ///< rows of tables that no figure reads
  lsn confirmed;                        ///< as last sent
  system_identity server;               ///< when the stream was opened
};

/// For one thread.
class change_stream {
 public:
  /// Connects and begins to read. Problems are those of the connection and the slot. The interval of
  /// status updates is shortened to a third of the server's wal_sender_timeout.
  static outcome<change_stream> open(stream_settings how);
  ~change_stream();
  change_stream(change_stream&&) noexcept;
  change_stream& operator=(change_stream&&) noexcept;

  /// Returns what has arrived, as soon as something has, or after `wait`. Reads no more once it has read
  /// `budget` bytes; a single message can be larger. With a budget of 0 it reads nothing, and waits. Sends
  /// status updates when they are due, so call it more often than wal_sender_timeout.
  ///
  /// A problem can come after events were read: those are lost with it, and come again.
  outcome<stream_batch> poll(std::size_t budget, std::chrono::milliseconds wait);

  /// Everything up to `x` is durable: the server can forget it, which it is told with the next status update.
  void confirm(const wal_position& x);

  stream_counts counts() const;

 private:
  struct impl;
  explicit change_stream(std::unique_ptr<impl>);
  std::unique_ptr<impl> impl_;
};

} // namespace millrace::postgres
