#pragma once

/// Reads tables as an exported snapshot shows them, by several connections at a time.
///
///     auto slot = replication->create_slot({.name = "shop", .export_snapshot = true});
///     auto reader = snapshot_reader::open({settings, slot->snapshot, slot->begin, &plans});
///     while (!reader->next(1s)->done) ...      // rows as of slot->begin; the stream has all that came after
///
/// Memory is bounded: the readers wait while `queue_bytes` of rows haven't been fetched.

#include "actors/figures/plan/plan.hpp"
#include "actors/postgres/session.hpp"
#include "actors/sources/postgres/problem.hpp"
#include "actors/sources/postgres/stream_events.hpp"

#include <chrono>
#include <memory>
#include <string>
#include <vector>

namespace millrace::postgres {

struct snapshot_settings {
  settings server;
  std::string snapshot;            ///< its name, as the server gave it
  lsn at;                          ///< of the snapshot: the slot's begin
  const plan_set* plans = nullptr; ///< must outlive the reader
  std::size_t connections = 2;
  std::size_t batch_bytes = 1 << 20, queue_bytes = 8 << 20; ///< of rows as they come from the server
};

/// Rows of one table.
struct snapshot_batch {
  table_id table;
  std::vector<row_change> rows; ///< op r, at (snapshot's LSN, 0), commit_ms 0
  std::vector<bad_change> bad;  ///< their `message` is the row in COPY's text format
  std::size_t bytes = 0;
  bool done = false; ///< every row of every table was returned before; has no rows
};

struct snapshot_progress {
  std::uint64_t rows = 0, bytes = 0; ///< read so far
  std::uint64_t rows_about = 0;      ///< that the tables have, as PostgreSQL estimates
  std::size_t tables = 0, tables_done = 0;
};

/// For one thread; has threads of its own.
class snapshot_reader {
 public:
  /// Connects, and takes the snapshot in every connection: its exporter isn't needed any more. Begins to
  /// read all captured tables, the largest first.
  static outcome<snapshot_reader> open(snapshot_settings how);
  ~snapshot_reader(); ///< stops within a second
  snapshot_reader(snapshot_reader&&) noexcept;
  snapshot_reader& operator=(snapshot_reader&&) noexcept;

  /// Returns the next rows, or an empty batch if there are none within `wait`. After a problem the snapshot
  /// is lost: begin again with a new slot.
  outcome<snapshot_batch> next(std::chrono::milliseconds wait);

  snapshot_progress progress() const;

 private:
  struct impl;
  explicit snapshot_reader(std::unique_ptr<impl>);
  std::unique_ptr<impl> impl_;
};

} // namespace millrace::postgres
