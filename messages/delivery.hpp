#pragma once

/// What a router sends to a cell, and what the cell answers: the chain of batches.

#include "messages/change_list.hpp"

#include <vector>

namespace millrace {

/// A record hash: identifies the newest record read, to detect that a log was created anew. It has the
/// record's position, and a hash that the source makes of it.
struct stamp {
  stream_position where = nowhere;
  std::uint64_t hash = 0;
  auto operator<=>(const stamp&) const = default;
};

/// Changes of one source for one cell. `prev` is the position that the router believes the cell
/// has reached, and `last` the position that it reaches with this batch. A batch without changes is a
/// progress batch.
struct change_batch {
  cell_id cell;
  source_id source;
  stream_position prev = nowhere;
  stream_position last = nowhere;
  stamp seen; ///< the newest record up to `last`, if any
  stream_position acknowledged =
      nowhere; ///< the position up to which the router knows the cell to be durable
  change_list changes;
};

/// The position up to which a cell has applied a source.
struct position {
  source_id source;
  stream_position last = nowhere;
  stamp seen;
};

/// A cell's positions: after a flush (durable), or in answer to a batch that leaves a gap.
struct cell_positions {
  cell_id cell;
  std::vector<position> positions;
};

} // namespace millrace
