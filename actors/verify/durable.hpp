#pragma once

/// Checks whether all records in Kafka are durable in Redis. This ends verify's wait.

#include "actors/figures/plan/plan.hpp"
#include "messages/delivery.hpp"

#include <optional>
#include <string>
#include <vector>

namespace millrace::verify {

/// The end of a partition: the offset that its next record will get.
struct source_end {
  source_id source;
  kafka_offset next;
};

/// A cell that hasn't applied all records of a partition.
struct lagging {
  cell_id cell;
  source_id source;
  std::int64_t offsets = 0; ///< how many are missing, including transaction markers
};

/// Returns the cells that read a table: those of its routes' entities, in every shard.
std::vector<cell_id> readers_of(const plan_set& plans, table_id table, std::uint16_t shards);

/// Returns the cell that is missing the most offsets. Returns nullopt if every cell has every record
/// of the partitions that it reads. Pure. `cells` is from the ledger; a cell or partition that it lacks
/// has no records.
std::optional<lagging> farthest_behind(const plan_set& plans, std::uint16_t shards,
                                       const std::vector<source_end>& ends,
                                       const std::vector<cell_positions>& cells);

/// Returns text for a person: "shard 3, orders: 120 offsets behind in public.orders/5".
std::string to_text(const lagging& x, const plan_set& plans);

} // namespace millrace::verify
