#pragma once

/// What a cell remembers while tables are read beside their stream of changes.
///
/// A read of a table is one snapshot of PostgreSQL, taken after the LSN `from`. Every transaction
/// that was open at `from` has ended before the snapshot. So a change with an LSN below `from` is
/// in the snapshot, and the stream has every change at or above it.
///
/// The snapshot's rows reach the cell in any order with the stream's changes. A row that the stream
/// has shown since `from` is newer than the read, and each row has its own LSN. A key that the
/// stream has removed since `from` must not come back. This class remembers such keys until the
/// sweep.

#include "messages/units.hpp"

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace millrace {

/// A key that the stream removed during a read of its table.
struct removed_key {
  route_id route;
  std::string key; ///< packed primary key
  lsn at;          ///< of the removal
};

/// The reads in a state block.
struct block_reads {
  std::map<route_id, lsn> under_way; ///< all running reads, with their `from`
  std::vector<removed_key> removed;  ///< keys removed since the previous block
};

class table_reads {
 public:
  /// Begins a read of the route's table. Replaces an older read. If this read or a newer one is
  /// already running, it continues and keeps its keys.
  void begin(route_id route, lsn from);
  /// Ends the read after its sweep, and forgets its removed keys. A newer read continues.
  void end(route_id route, lsn from);
  bool under_way(route_id route) const { return removed_.count(route) > 0; }

  /// The stream removed a key.
  void removed(route_id route, std::string_view key, lsn at);
  /// Returns whether the stream removed the key at or after `at`.
  bool removed_since(route_id route, std::string_view key, lsn at) const;

  /// Return what changed since the last call, and everything for a compaction.
  block_reads take_changes();
  block_reads all() const;
  /// Applies the reads of a block. Reads that the block doesn't contain have ended.
  void apply(const block_reads& x);

  void clear() { *this = {}; }

 private:
  void forget(route_id route);

  using keys = std::map<std::string, lsn, std::less<>>;

  std::map<route_id, lsn> under_way_;
  std::map<route_id, keys> removed_; ///< one entry per running read
  std::vector<removed_key> fresh_;   ///< not in a block yet
};

} // namespace millrace
