#pragma once

/// Which tables Debezium captures: as its configuration lists them, and as its heartbeats tell.

#include "actors/figures/plan/plan.hpp"

#include <string>
#include <string_view>

namespace millrace::connect {

/// Returns table.include.list: the captured tables, and anchor and
/// debezium_signal of Millrace's own schema.
std::string table_list(const plan_set& plans, const std::string& own_schema = "millrace");

/// Returns a word that tells which tables are captured, for the connector's heartbeat:
/// what it says has come through the log from a Debezium that runs with these tables.
std::string capture_mark(const plan_set& plans);
/// Tells whether a heartbeat's word names all captured tables of the plans.
bool captures_all(std::string_view mark, const plan_set& plans);

} // namespace millrace::connect
