#pragma once

/// Makes Debezium capture tables.

#include "actors/figures/plan/plan.hpp"
#include "nodes/settings/config.hpp"

namespace millrace {

/// Creates the topics of the captured tables, adds the tables to the publication, and registers the
/// connector with them. Returns whether the connector's configuration changed.
result<bool> capture_tables(const settings& how, const plan_set& plans);

} // namespace millrace
