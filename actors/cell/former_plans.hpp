#pragma once

/// Rows that were written under figures of before: a cell's log may have blocks
/// of several plan sets, until it is copied. Each is told by its fingerprint.

#include "actors/figures/plan/plan_translation.hpp"

#include <map>
#include <string>
#include <string_view>

namespace millrace {

/// By the fingerprint of their blocks.
using former_plans = std::map<std::uint64_t, plan_translation>;

/// Returns the fingerprint that blocks carry. A plan set that comes back, after
/// others, isn't the one that it was: `epoch` counts the changes.
std::uint64_t block_fingerprint(const plan_set& plans, std::uint64_t epoch);

/// Returns a former row's kept columns as they are now. Those that it lacks are
/// NULL until the row is read again.
std::string translated(const route_change& how, std::string_view kept);

} // namespace millrace
