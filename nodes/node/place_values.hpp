#pragma once

/// What Redis has, for people who ask a node.

#include "actors/figures/plan/plan.hpp"
#include "actors/redis/store.hpp"
#include "messages/reports.hpp"

namespace millrace {

/// Adds what Redis has at each of the row's places.
result<void> add_values(redis::client& from, const plan_set& plans, row_report& to);

/// Returns the subjects of all alerts that are pending, firing or recovering.
result<std::vector<alert_report>> read_alerts(redis::store& from, const plan_set& plans,
                                              std::uint16_t shards);

} // namespace millrace
