#pragma once

/// Sees to it that changes of tables come to Kafka.

#include "actors/figures/plan/plan.hpp"
#include "nodes/settings/config.hpp"

namespace millrace {

/// Makes the topics of the captured tables, adds them to the publication, and
/// registers the connector with them. Returns whether its configuration changed.
result<bool> capture_tables(const settings& how, const plan_set& plans);

} // namespace millrace
