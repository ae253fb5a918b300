#pragma once

/// The effect of one record on one cell.

#include "messages/units.hpp"

#include <string>
#include <string_view>

namespace millrace {

enum class change_kind : std::uint8_t {
  upsert,    ///< the row now has these columns
  remove,    ///< the row was deleted, or moved to another cell
  not_yours, ///< a snapshot read shows the row in another cell
  truncate, ///< the table was truncated: removes rows older than `at`, and ignores older changes from then on
  // The number is part of the wire format. 4 was another kind.
  forget = 5, ///< PostgreSQL doesn't have the row as of `at`: removes it if it is older
  read,       ///< a read of the table shows the row as of `at`: applied if nothing newer is known
};

/// The highest valid number. A batch from another node with a higher one is malformed.
constexpr auto last_change_kind = change_kind::read;

/// A change without its key and columns.
struct change_head {
  change_kind kind = change_kind::upsert;
  char op = 'u';        ///< Debezium's c, u, d, r or t, for the record counters
  bool counted = false; ///< true in the table's own entity: each record counts once
  route_id route;
  stream_position where; ///< of the record in the batch's source
  lsn at;                ///< LSN of the record, or watermark of an incremental snapshot
};

/// A change that owns its key and columns.
struct change : change_head {
  std::string key;     ///< packed primary key; empty for truncate
  std::string columns; ///< packed columns of the route; empty unless `kind` is upsert or read
};

/// A change that refers to a key and columns elsewhere. Valid as long as their owner.
struct change_view : change_head {
  change_view() = default;
  explicit change_view(const change_head& head) : change_head(head) {}
  change_view(const change& x) : change_head(x), key(x.key), columns(x.columns) {}

  std::string_view key, columns;
};

} // namespace millrace
