#pragma once

/// A walsender: a connection in replication mode, pinned as actors/postgres/session.hpp describes.

#include "actors/postgres/session.hpp"
#include "actors/sources/postgres/problem.hpp"

#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace millrace::postgres {

/// What makes LSNs comparable.
struct system_identity {
  std::string system;         ///< system identifier
  std::uint32_t timeline = 0; ///< changes when a standby is promoted
  lsn flushed;                ///< the WAL's end on disk
};

struct new_slot {
  std::string name;
  /// The server drops it when this connection ends.
  bool temporary = false;
  /// Shows all that was committed before the slot's begin to other sessions, until this connection's next
  /// command or its end.
  bool export_snapshot = false;
  /// Synchronized to standbys. Needs PostgreSQL 17; ignored before.
  bool failover = false;
  /// Creating waits for the transactions that are open.
  std::chrono::milliseconds timeout{60'000};
};

struct created_slot {
  lsn begin;            ///< transactions that were committed before it aren't in the stream
  std::string snapshot; ///< of `export_snapshot`, for SET TRANSACTION SNAPSHOT
};

/// Where a stream begins.
struct stream_start {
  std::string slot;
  std::vector<std::string> publications;
  lsn from; ///< 0: where the slot is. Nothing is sent that the slot has as confirmed
};

/// Not thread-safe. After start() only receive(), wait() and send() may be called.
class replication_connection {
 public:
  static outcome<replication_connection> open(const settings& to);
  ~replication_connection();
  replication_connection(replication_connection&&) noexcept;
  replication_connection& operator=(replication_connection&&) noexcept;

  outcome<system_identity> identify();
  /// Creates a slot of the plugin pgoutput. A slot that isn't ready within the timeout is given up.
  outcome<created_slot> create_slot(const new_slot& x);
  /// Returns after how long the server ends a walsender that hears nothing; 0: never.
  outcome<std::chrono::milliseconds> walsender_timeout();

  /// Begins COPY BOTH.
  outcome<void> start(const stream_start& x);
  /// Returns the next frame that has arrived. Returns nullopt if there is none. It is valid until the next
  /// call. Never blocks.
  outcome<std::optional<std::string_view>> receive();
  /// Waits until something arrives or the time is over. Returns whether something did. Sends what send()
  /// couldn't.
  outcome<bool> wait(std::chrono::milliseconds time);
  /// Sends a frame. Never blocks.
  outcome<void> send(std::string_view frame);

 private:
  struct impl;
  explicit replication_connection(std::unique_ptr<impl>);
  std::unique_ptr<impl> impl_;
};

} // namespace millrace::postgres
