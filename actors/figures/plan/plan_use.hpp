#pragma once

/// Which columns of a table the plans use.

#include "actors/figures/plan/plan.hpp"

namespace millrace {

/// Returns the columns that some route of the table sends or goes by, and those of
/// its primary key, in order.
std::vector<std::uint16_t> used_columns(const plan_set& plans, table_id of);

/// Returns the captured table of this SCHEMA.TABLE, if there is one.
std::optional<table_id> captured_table(const plan_set& plans, const std::string& name);

/// Returns the SCHEMA.TABLE of every captured table.
std::vector<std::string> captured_tables(const plan_set& plans);

} // namespace millrace
