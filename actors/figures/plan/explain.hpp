#pragma once

/// A plan in words: what `check` prints for each figure.

#include "actors/figures/plan/plan.hpp"

#include <string>

namespace millrace {

/// Returns a few lines: entity, keyed or rolled up, columns kept, memory a row,
/// what a change costs.
std::string explain(const figure_plan& figure, const plan_set& plans);

/// Returns all figures, then what each table's rows take of memory.
std::string explain(const plan_set& plans);

/// Returns about how many bytes a row of the route takes while it rests in a
/// cell, for values of usual length.
std::size_t bytes_per_row(const route& of, const plan_set& plans);

} // namespace millrace
