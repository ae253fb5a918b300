#pragma once

/// What a router tells a cell, and what the cell answers: the chain of batches.

#include "messages/change_list.hpp"

#include <vector>

namespace millrace {

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
