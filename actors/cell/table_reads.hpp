#pragma once

/// What a cell remembers while tables are read beside their stream of changes.
///
/// A read of a table is one snapshot of PostgreSQL, begun after an LSN, `from`: every
/// transaction that was open at `from` has ended before the snapshot. So a change with
/// an LSN below `from` is in the snapshot, and one at or above it is taken from the
/// stream. The snapshot's rows reach the cell whenever they like: a row that the stream
/// has shown since `from` is newer than the read, and a key that the stream has removed
/// since must not come back. Rows tell their own LSN. Removed keys are remembered here,
/// from the read's beginning to its sweep.

#include "messages/units.hpp"

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace millrace {

/// A key that the stream removed while its table was read.
struct removed_key {
  route_id route;
  std::string key; ///< packed primary key
  lsn at;          ///< of the removal
};

/// What a state block says of reads.
struct block_reads {
  std::map<route_id, lsn> under_way; ///< all of them, each with its `from`
  std::vector<removed_key> removed;  ///< what was removed since the block before
};

class table_reads {
 public:
  /// A read of the route's table begins. An older one that was under way is replaced;
  /// one that is under way already, or a newer one, goes on with all that it remembers.
  void begin(route_id route, lsn from);
  /// Its rows have been swept: forgets what was removed meanwhile. A newer read goes on.
  void end(route_id route, lsn from);
  bool under_way(route_id route) const { return removed_.count(route) > 0; }

  /// The stream has removed a key.
  void removed(route_id route, std::string_view key, lsn at);
  /// Tells whether the stream removed the key at or after `at`.
  bool removed_since(route_id route, std::string_view key, lsn at) const;

  /// Returns what changed since the last call, and everything for a copy.
  block_reads take_changes();
  block_reads all() const;
  /// Takes what a block says: reads that it doesn't name have ended.
  void apply(const block_reads& x);

  void clear() { *this = {}; }

 private:
  void forget(route_id route);

  using keys = std::map<std::string, lsn, std::less<>>;

  std::map<route_id, lsn> under_way_;
  std::map<route_id, keys> removed_; ///< an entry for each read under way
  std::vector<removed_key> fresh_;   ///< not in a block yet
};

} // namespace millrace
