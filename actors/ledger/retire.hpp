#pragma once

/// Takes a ledger's figures away: every place, found by the stored plans and
/// rows; then state and ledger. Only where Redis lost rows, places are looked for by SCAN.

#include "actors/ledger/stored_plans.hpp"
#include "actors/redis/store.hpp"

#include <functional>
#include <set>

namespace millrace {

/// Returns every cell of a plan set: each entity in every shard.
std::vector<cell_id> all_cells(const plan_set& plans, std::uint16_t shards);

/// Returns the prefix of places that still fill.
std::string staging_prefix(const std::string& project);

/// Claims all cells (nobody else can write any more), deletes their places, and
/// wipes the ledger, which is of this life (empty: it has none). May be called again
/// after a crash at any line. `store` was opened with the plans of the ledger, `stored`.
/// Error (fenced): another node took the ledger, or began it anew. Progress is logged.
result<void> retire_figures(redis::store& store, const stored_plans& stored, std::uint16_t shards,
                            const std::string& life, const std::string& project, tick_seconds now);

/// Deletes the places of some figures, by their numbers; state and ledger stay.
/// `claimed`: the ledgers of all cells, just claimed. Returns the entities that have a cell whose
/// log is lost: not all places that it showed are known.
result<std::set<entity_id>> retire_some(redis::store& store, const stored_plans& stored,
                                        const std::vector<bool>& which,
                                        const std::vector<cell_ledger>& claimed, const std::string& project,
                                        tick_seconds now);

/// Claims cells under new tokens. `life` nonempty: only of this life of the ledger.
result<std::vector<cell_ledger>> claim_cells(redis::store& store, const std::vector<cell_id>& cells,
                                             const std::string& life = {});

} // namespace millrace
