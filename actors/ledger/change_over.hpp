#pragma once

/// Changes a ledger from its figures to the pending ones, between two runs of a node. Redis serves
/// the figures meanwhile.
///
///     claim    all cells: no other node can write
///     retire   places of figures that are dropped or changed, by the former plans and rows
///     adopt    the new plans, in one step with the positions from which each cell reads
///
/// The state logs stay: cells translate blocks of the former figures. After a crash at any line the
/// change starts again, because until `adopt` the ledger has the former figures and the pending
/// plans.

#include "actors/figures/plan/plan_change.hpp"
#include "actors/ledger/fill_note.hpp"
#include "actors/ledger/stored_plans.hpp"
#include "actors/sources/feeds.hpp"

namespace millrace {

/// Returns, for each cell, the sources that it no longer reads, and the positions from which it
/// begins to read a known table: those of the slowest cell. A fill reads earlier rows. `claimed`: the
/// cells as the ledger has them.
std::vector<redis::adopted_cell> moved_positions(const plan_set& before, const plan_set& after,
                                                 const std::vector<cell_ledger>& claimed, feeds_table feeds);

/// Returns the progress of the fill that follows. Figures that are filling continue in it. If all
/// were filling, all continue.
saved_note note_of_change(const plan_change& change, const plan_set& after, const saved_note& before);

/// Changes the ledger. `found`: its format, with pending plans. `store` was opened with its plans.
result<void> change_over(redis::store& store, const redis::project_format& found, const std::string& project,
                         tick_seconds now, feeds_table feeds);

} // namespace millrace
