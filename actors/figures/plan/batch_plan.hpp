#pragma once

/// When a batch figure is due, and how its plan compares with others. Pure.

#include "actors/figures/plan/plan.hpp"

#include <cstdint>
#include <vector>

namespace millrace {

/// Returns the last time at or before `now` at which the figure is due, Unix time in s. A period counts
/// from 1970, so that every node finds the same times.
std::int64_t due_at_or_before(const batch_plan& x, std::int64_t now);
/// Returns the first time after `now` at which the figure is due.
std::int64_t due_after(const batch_plan& x, std::int64_t now);
/// Returns how many times after `from` and before `to` the figure is due. Counts at most `most`.
std::uint64_t due_between(const batch_plan& x, std::int64_t from, std::int64_t to, std::uint64_t most);

/// Returns the batch figures as figures of plain columns, with their order and key prefix. verify
/// compares these with the same code as live ones. They have no routes.
plan_set as_figures(const plan_set& plans);

} // namespace millrace
