#pragma once

/// A change of a table, as every source gives it to the routing.

#include "messages/change_list.hpp"
#include "messages/rows.hpp"

#include <cstdint>
#include <map>
#include <optional>

namespace millrace {

/// Changes by cell, in the order of the records.
using changes_by_cell = std::map<cell_id, packed_changes>;

/// How a row entered the stream.
enum class snapshot_kind : std::uint8_t {
  none,        ///< a change from the WAL
  initial,     ///< the capture's own first snapshot
  incremental, ///< a read that somebody asked for, in stream order
  ours,        ///< a read of the table by Millrace, outside the stream's order
};

/// What a record says, in the columns of `table_plan::table`. Unused columns are NULL.
struct table_change {
  char op = 'u'; ///< c u d r t
  lsn at;        ///< where the change is in the WAL, or a read's watermark
  snapshot_kind snapshot = snapshot_kind::none;
  bool replayed = false;      ///< a read by Millrace: the row wasn't in PostgreSQL as of `at`
  std::uint64_t stamp = 0;    ///< record hash (messages/delivery.hpp)
  std::int64_t commit_ms = 0; ///< Unix time; 0 = unknown
  std::optional<row> before;  ///< the columns that routes use; nullopt if the record has none
  std::optional<row> after;
  row key; ///< primary key in key order; empty for t
};

} // namespace millrace
