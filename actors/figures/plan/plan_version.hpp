#pragma once

/// Hashes that change when a plan changes.

#include "actors/figures/plan/plan.hpp"

namespace millrace {

/// Returns a hash of everything that determines a figure's places and texts, with names instead of
/// numbers. Other figures, and the figure's own SQL text and file, don't affect it.
std::uint64_t version_of(const figure_plan& figure, const plan_set& plans);

/// Returns everything that determines a column's packed form and printed text, as text.
std::string form_text(const postgres::column& x);

/// Returns everything that determines the cell and the key of a route's rows, as text with names.
std::string form_text(route_id of, const plan_set& plans);

/// Returns the version of a batch figure: a hash of its query, times, columns and place.
std::uint64_t version_of(const batch_plan& figure);

} // namespace millrace
