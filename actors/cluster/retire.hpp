#pragma once

/// Takes a ledger's figures away: every place, found by the stored plans and
/// rows, never by SCAN; then state and ledger.

#include "actors/redis/store.hpp"

#include <functional>

namespace millrace {

/// Returns every cell of a plan set: each entity in every shard.
std::vector<cell_id> all_cells(const plan_set& plans, std::uint16_t shards);

/// Returns the prefix of places that still fill.
std::string staging_prefix(const std::string& project);

/// Claims all cells (nobody else can write any more), deletes their places, and
/// wipes the ledger. May be called again after a crash at any line. `store` was
/// opened with the plans of the ledger, `plans`. Progress is logged.
result<void> retire_figures(redis::store& store, const plan_set& plans, std::uint16_t shards,
                            const std::string& project, tick_seconds now);

} // namespace millrace
