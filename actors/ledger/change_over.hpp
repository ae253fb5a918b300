#pragma once

/// Takes a ledger from its figures to those that are noted to come, between two
/// lives of a node: Redis goes on serving meanwhile.
///
///     claim    all cells: nobody else writes any more
///     retire   places of figures that go or change, by the plans and rows of before
///     adopt    the new plans, in one step with where each cell begins to read
///
/// State stays as it is: blocks of the former figures are read as what they are
/// in the new ones. It may be begun again after a crash at any line: up to the
/// last step the ledger is of the former figures, and the note of the coming ones
/// is in it.

#include "actors/figures/plan/plan_change.hpp"
#include "actors/ledger/fill_note.hpp"
#include "actors/ledger/stored_plans.hpp"

namespace millrace {

/// Returns what of the cells' positions nobody reads any more, and where a cell
/// that reads a known table for the first time begins: at the laggard's position.
/// Rows from before that come by a snapshot. `claimed`: as the ledger has them.
std::vector<redis::adopted_cell> moved_positions(const plan_set& before, const plan_set& after,
                                                 const std::vector<cell_ledger>& claimed);

/// Returns the note of the fill that follows. Figures that were filling go on with it; where
/// all of them were, all do.
saved_note note_of_change(const plan_change& change, const plan_set& after, const saved_note& before);

/// Does it. `found` is the ledger's format, with plans to come; `store` was opened
/// with its plans.
result<void> change_over(redis::store& store, const redis::project_format& found, const std::string& project,
                         tick_seconds now);

} // namespace millrace
