#pragma once

/// What a router sends to a cell, and what the cell answers: the chain of batches.

#include "messages/change_list.hpp"

#include <vector>

namespace millrace {

/// A record hash: identifies the newest record read, to detect a recreated topic. It has the
/// record's offset, and a hash of its source.sequence, LSN and transaction ID.
struct stamp {
  kafka_offset offset = nowhere;
  std::uint64_t hash = 0;
  auto operator<=>(const stamp&) const = default;
};

/// Changes of one partition for one cell. `prev` is the offset that the router believes the cell
/// has reached, and `last` the offset that it reaches with this batch. A batch without changes is a
/// progress batch.
struct change_batch {
  cell_id cell;
  source_id source;
  kafka_offset prev = nowhere;
  kafka_offset last = nowhere;
  stamp seen;                          ///< the newest record up to `last`, if any
  kafka_offset acknowledged = nowhere; ///< the position up to which the router knows the cell to be durable
  change_list changes;
};

/// The offset up to which a cell has applied a partition.
struct position {
  source_id source;
  kafka_offset last = nowhere;
  stamp seen;
};

/// A cell's positions: after a flush (durable), or in answer to a batch that leaves a gap.
struct cell_positions {
  cell_id cell;
  std::vector<position> positions;
};

} // namespace millrace
