#pragma once

/// Hashes that tell a changed plan from an unchanged one.

#include "actors/figures/plan/plan.hpp"

namespace millrace {

/// Returns a hash of all that decides a figure's places and their texts, by
/// names: other figures and the figure's own text and file don't matter.
std::uint64_t version_of(const figure_plan& figure, const plan_set& plans);

/// Returns all that a column's packed form and its text depend on, as text.
std::string form_text(const postgres::column& x);

/// Returns all that decides which cell a route's rows go to, and under which key,
/// as text, by names.
std::string form_text(route_id of, const plan_set& plans);

} // namespace millrace
