#pragma once

/// What one record means to one cell.

#include "messages/units.hpp"

#include <string>
#include <string_view>

namespace millrace {

enum class change_kind : std::uint8_t {
  upsert,    ///< the row is now this one
  remove,    ///< the row has gone, or has moved to another cell
  not_yours, ///< a snapshot read shows the row in another cell
  truncate,  ///< the table was emptied: removes and bars rows older than `at`
  // Nodes send the number, and 4 was another kind.
  forget = 5, ///< the row isn't in PostgreSQL as of `at`: removes it if older
  read,       ///< a read of the whole table shows the row as of `at`: taken if nothing newer is known
};

/// What another node sends beyond it is no change.
constexpr auto last_change_kind = change_kind::read;

/// A record's effect, but for its row.
struct change_head {
  change_kind kind = change_kind::upsert;
  char op = 'u';        ///< Debezium's c u d r t, for the record counters
  bool counted = false; ///< at the table's own entity: counts once per record
  route_id route;
  kafka_offset offset; ///< of the record in the batch's source
  lsn at;              ///< the record's, or an incremental snapshot's watermark
};

/// A change by itself.
struct change : change_head {
  std::string key;     ///< packed primary key; empty for truncate
  std::string columns; ///< packed columns of the route, for upsert only
};

/// A change whose texts are somebody else's.
struct change_view : change_head {
  change_view() = default;
  explicit change_view(const change_head& head) : change_head(head) {}
  change_view(const change& x) : change_head(x), key(x.key), columns(x.columns) {}

  std::string_view key, columns;
};

} // namespace millrace
