#pragma once

/// A plan set in the numbers of the one before it.

#include "actors/figures/plan/plan.hpp"

namespace millrace {

/// Returns `fresh` with every table that `before` has under its number there: a
/// ledger's cells and positions are named by these. A table that no figure needs
/// any more keeps its number and isn't captured; new ones come last. A figure that `before` has was
/// filled again as often as there.
plan_set aligned(plan_set fresh, const plan_set& before);

/// Returns `x` as the catalog has its tables now: what has changed of a table or
/// of a column that figures use changes the fingerprint; nothing else does.
plan_set as_in_catalog(plan_set x, const std::vector<postgres::table>& catalog);

/// Returns `x` with the tables that `more` captures captured, too.
plan_set with_tables_of(plan_set x, const plan_set& more);

} // namespace millrace
