#pragma once

/// Deletes a ledger's figures: first every place, found by the stored plans and rows, then state
/// and ledger. Searches for places with SCAN only if Redis lost rows.

#include "actors/ledger/stored_plans.hpp"
#include "actors/redis/store.hpp"

#include <functional>
#include <set>

namespace millrace {

/// Returns every cell of a plan set: each entity in every shard.
std::vector<cell_id> all_cells(const plan_set& plans, std::uint16_t shards);

/// Returns the prefix of the keys of places that still fill.
std::string staging_prefix(const std::string& project);

/// Claims all cells so that no other node can write, deletes their places, and wipes the ledger of
/// this incarnation (`life`; empty: it has none). Can be called again after a crash at any line.
/// `store` was opened with the plans in `stored`. Error: fenced if another node claimed the ledger
/// or created a new one. Logs its progress.
result<void> retire_figures(redis::store& store, const stored_plans& stored, std::uint16_t shards,
                            const std::string& life, const std::string& project, tick_seconds now);

/// Deletes the places of some figures, by figure number. State and ledger stay. `claimed`: the
/// ledgers of all cells after a claim. Returns the entities of which a cell's state log is lost, so
/// that not all of its places are known.
result<std::set<entity_id>> retire_some(redis::store& store, const stored_plans& stored,
                                        const std::vector<bool>& which,
                                        const std::vector<cell_ledger>& claimed, const std::string& project,
                                        tick_seconds now);

/// Claims cells with new fencing tokens. `life`: only if the ledger has this incarnation; empty:
/// any.
result<std::vector<cell_ledger>> claim_cells(redis::store& store, const std::vector<cell_id>& cells,
                                             const std::string& life = {});

} // namespace millrace
