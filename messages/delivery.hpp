#pragma once

/// What a router tells a cell, and what the cell answers: the chain of batches.

#include "messages/units.hpp"

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace millrace {

/// What a change means to one cell.
enum class change_kind : std::uint8_t {
  upsert,    ///< the row is now this one
  remove,    ///< the row has gone, or has moved to another cell
  not_yours, ///< a snapshot read shows the row in another cell
  truncate,  ///< the table was emptied: removes and bars rows older than `at`
  count,     ///< nothing but one for the record counters
  forget,    ///< the row isn't in PostgreSQL as of `at`: removes it if older
};

/// One record's effect on one cell.
struct change {
  change_kind kind = change_kind::upsert;
  char op = 'u';        ///< Debezium's c u d r t, for the record counters
  bool counted = false; ///< at the table's own entity: counts once per record
  route_id route;
  kafka_offset offset; ///< of the record in the batch's source
  lsn at;              ///< the record's, or an incremental snapshot's watermark
  std::string key;     ///< packed primary key; empty for truncate
  std::string columns; ///< packed columns of the route, for upsert only
};

/// Changes that nobody alters any more: who keeps a batch to send it again, and
/// who applies it, hold the same ones.
class change_list {
 public:
  change_list() = default;
  change_list(std::vector<change> x)
      : all_(x.empty() ? nullptr : std::make_shared<const std::vector<change>>(std::move(x))) {}
  change_list(std::initializer_list<change> x) : change_list(std::vector<change>(x)) {}

  const std::vector<change>& all() const { return all_ ? *all_ : none(); }
  auto begin() const { return all().begin(); }
  auto end() const { return all().end(); }
  std::size_t size() const { return all().size(); }
  bool empty() const { return !all_; }
  const change& operator[](std::size_t i) const { return all()[i]; }

 private:
  static const std::vector<change>& none() {
    static const std::vector<change> nothing;
    return nothing;
  }
  std::shared_ptr<const std::vector<change>> all_; ///< null: none
};

/// A record that proves that a topic still is the one we read: its offset and
/// a hash of its source.sequence, lsn and transaction id.
struct stamp {
  kafka_offset offset = nowhere;
  std::uint64_t hash = 0;
  auto operator<=>(const stamp&) const = default;
};

/// {cell, source, prev, last, changes}: `prev` is the offset up to which the
/// router believes the cell complete, `last` the one after this batch. A batch
/// without changes is a progress mark.
struct change_batch {
  cell_id cell;
  source_id source;
  kafka_offset prev = nowhere;
  kafka_offset last = nowhere;
  stamp seen;                          ///< newest record at or below `last`, if any
  kafka_offset acknowledged = nowhere; ///< the router knows that all up to here is durable
  change_list changes;
};

/// How far one cell is for one source.
struct position {
  source_id source;
  kafka_offset last = nowhere;
  stamp seen;
};

/// The cell has this for these sources: after a flush (durable), or as the
/// answer to a batch that doesn't follow (gap).
struct cell_positions {
  cell_id cell;
  std::vector<position> positions;
};

} // namespace millrace
