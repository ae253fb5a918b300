#pragma once

/// The figures that run, whatever the files say.

#include "actors/figures/plan/plan.hpp"
#include "messages/error.hpp"
#include "nodes/settings/config.hpp"

namespace millrace {

/// Returns the ledger's plans. Error: unavailable if no node has run yet.
result<plan_set> running_plans(const settings& how);

} // namespace millrace
