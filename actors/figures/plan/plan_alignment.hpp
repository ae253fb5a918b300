#pragma once

/// Renumbers a plan set to match the previous one.

#include "actors/figures/plan/plan.hpp"

namespace millrace {

/// Returns `fresh` with the table numbers of `before`, because the ledger's cells and positions use
/// these numbers. A table that no figure needs now keeps its number and isn't captured. New tables come
/// last. A figure that `before` contains keeps its refill count.
plan_set aligned(plan_set fresh, const plan_set& before);

/// Returns `x` with its tables as they are in the catalog now. The fingerprint changes only if a table
/// or a column that figures use has changed.
plan_set as_in_catalog(plan_set x, const std::vector<postgres::table>& catalog);

/// Returns `x`, and also captures the tables that `more` captures.
plan_set with_tables_of(plan_set x, const plan_set& more);

} // namespace millrace
