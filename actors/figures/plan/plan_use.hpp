#pragma once

/// Which tables, and which of their columns, the plans use.

#include "actors/figures/plan/plan.hpp"

#include <map>

namespace millrace {

/// Returns, in order, the columns that the table's routes send or route by, and those of its primary
/// key.
std::vector<std::uint16_t> used_columns(const plan_set& plans, table_id of);

/// Returns the captured table with this SCHEMA.TABLE. Returns nullopt if there is none.
std::optional<table_id> captured_table(const plan_set& plans, const std::string& name);

/// Returns the SCHEMA.TABLE of every captured table.
std::vector<std::string> captured_tables(const plan_set& plans);

/// Returns the SCHEMA.TABLE of each table that a figure reads, by the figure's name.
std::map<std::string, std::vector<std::string>> tables_of_figures(const plan_set& plans);

} // namespace millrace
