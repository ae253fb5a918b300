#pragma once

/// Describes a plan in words, as `check` prints it for each figure.

#include "actors/figures/plan/plan.hpp"

#include <string>

namespace millrace {

/// Returns a few lines about a figure: its entity, keyed or rolled up, the columns kept, the memory
/// per row, and the cost of a change.
std::string explain(const figure_plan& figure, const plan_set& plans);

/// Returns the same about a batch figure: its place, times and columns, and what is special about a run.
std::string explain(const batch_plan& figure, const plan_set& plans);

/// Returns the descriptions of all figures, then the memory per row of each table.
std::string explain(const plan_set& plans);

/// Returns the approximate bytes of one stored row of the route, for values of typical length.
std::size_t bytes_per_row(const route& of, const plan_set& plans);

} // namespace millrace
