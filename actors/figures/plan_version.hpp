#pragma once

/// Hashes that tell a changed plan from an unchanged one.

#include "actors/figures/plan.hpp"

namespace millrace {

/// Returns a hash of all that decides a figure's places and their texts, by
/// names: other figures and the figure's own text and file don't matter.
std::uint64_t version_of(const figure_plan& figure, const plan_set& plans);

} // namespace millrace
