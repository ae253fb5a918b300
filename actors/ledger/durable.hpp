#pragma once

/// Checks whether everything up to the logs' ends is durable in every cell that reads it. A fill's drain and
/// verify's wait end with it.

#include "actors/figures/plan/plan.hpp"
#include "actors/sources/feeds.hpp"
#include "messages/delivery.hpp"

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace millrace {

/// A cell that hasn't everything of a source.
struct lagging {
  cell_id cell;
  source_id source;
  stream_position at, end;
};

/// Returns the cells that read a source: of the entities of its tables' routes, in every shard.
std::vector<cell_id> readers_of(const plan_set& plans, source_id source, feeds_table feeds,
                                std::uint16_t shards);

/// Returns the slowest cell of the first source that isn't durable up to its end; nullopt if all are. Pure.
/// `ends`: the last position of each source. `cells` is from the ledger; a cell or source that it lacks has
/// no records.
std::optional<lagging> behind(const plan_set& plans, std::uint16_t shards, feeds_table feeds,
                              const std::map<source_id, stream_position>& ends,
                              const std::vector<cell_positions>& cells);

/// Returns the cell's name for a person: "shard 3, orders".
std::string name_of(cell_id x, const plan_set& plans);

} // namespace millrace
