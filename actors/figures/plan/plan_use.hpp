#pragma once

/// Which columns of a table the plans use.

#include "actors/figures/plan/plan.hpp"

namespace millrace {

/// Returns, in order, the columns that the table's routes send or route by, and those of its primary
/// key.
std::vector<std::uint16_t> used_columns(const plan_set& plans, table_id of);

/// Returns the captured table with this SCHEMA.TABLE. Returns nullopt if there is none.
std::optional<table_id> captured_table(const plan_set& plans, const std::string& name);

/// Returns the SCHEMA.TABLE of every captured table.
std::vector<std::string> captured_tables(const plan_set& plans);

} // namespace millrace
