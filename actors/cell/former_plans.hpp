#pragma once

/// Rows written under former figures. Until a compaction, a state log can have blocks of several
/// plan sets. Each block has the fingerprint of its plan set.

#include "actors/figures/plan/plan_translation.hpp"

#include <map>
#include <string>
#include <string_view>

namespace millrace {

/// The translations to the present plans, by the fingerprint of the blocks.
using former_plans = std::map<std::uint64_t, plan_translation>;

/// Returns the fingerprint for blocks. `epoch` counts the changes of figures: a plan set that is
/// applied again later gets another fingerprint.
std::uint64_t block_fingerprint(const plan_set& plans, std::uint64_t epoch);

/// Returns a former row's kept columns in the present layout. New columns are NULL until the row is
/// read again.
std::string translated(const route_change& how, std::string_view kept);

} // namespace millrace
