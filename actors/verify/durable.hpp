#pragma once

/// Whether all that Kafka holds has taken durable effect: the end of verify's wait.

#include "actors/figures/plan/plan.hpp"
#include "messages/delivery.hpp"

#include <optional>
#include <string>
#include <vector>

namespace millrace::verify {

/// Where a partition ends: the offset that its next record will have.
struct source_end {
  source_id source;
  kafka_offset next;
};

/// A cell that still has records of a source before it.
struct lagging {
  cell_id cell;
  source_id source;
  std::int64_t offsets = 0; ///< how many are missing, transaction markers among them
};

/// Returns the cells that read a table: those of the entities that its routes
/// lead to, in every shard.
std::vector<cell_id> readers_of(const plan_set& plans, table_id table, std::uint16_t shards);

/// Returns the cell that is farthest behind, or nothing if every cell has all of
/// every source it reads. Pure. `cells` is what the ledger says; a cell or source
/// that isn't in it has nothing.
std::optional<lagging> farthest_behind(const plan_set& plans, std::uint16_t shards,
                                       const std::vector<source_end>& ends,
                                       const std::vector<cell_positions>& cells);

/// Returns it for a person: "shard 3, orders: 120 offsets behind in public.orders/5".
std::string to_text(const lagging& x, const plan_set& plans);

} // namespace millrace::verify
