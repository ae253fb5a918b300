#pragma once

/// Which tables Debezium captures, from its configuration and from its heartbeats.

#include "actors/figures/plan/plan.hpp"

#include <string>
#include <string_view>

namespace millrace::connect {

/// Returns table.include.list: the captured tables, and the tables anchor and debezium_signal of
/// Millrace's own schema.
std::string table_list(const plan_set& plans, const std::string& own_schema = "millrace");

/// Returns a text that identifies the captured tables. Debezium writes it into its heartbeats, so a
/// heartbeat proves which tables the running Debezium captures.
std::string capture_mark(const plan_set& plans);
/// Returns whether a heartbeat's text names all captured tables of the plans.
bool captures_all(std::string_view mark, const plan_set& plans);

} // namespace millrace::connect
