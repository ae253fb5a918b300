#pragma once

/// From a row of a batch figure's result to its place. All texts are PostgreSQL's own.

#include "actors/figures/plan/plan.hpp"
#include "actors/postgres/session.hpp"
#include "actors/redis/batch_ledger.hpp"

namespace millrace {

/// Returns the SQL that a run executes: the figure's own text. For json, row_to_json is the last column.
std::string query_of(const batch_plan& figure);

/// Returns the form in which the figure's rows are staged.
redis::batch_form form_of(const batch_plan& figure);

/// Returns a row of query_of() at its place. Returns nullopt if a placeholder is NULL: there is no place.
std::optional<redis::batch_row> to_row(const batch_plan& figure, const postgres::text_row& row);

} // namespace millrace
