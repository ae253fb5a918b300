#pragma once

/// Converts PostgreSQL's parse nodes into expressions of the live subset. Only this and
/// parse_select.cpp use libpg_query's tree.

#include "actors/figures/language/parse_select.hpp"

#include <pg_query.h>
#include <pg_query/pg_query.pb-c.h>

#include <string>

namespace millrace {

/// Returns the node as an expression of the live subset. Throws figure_refused. `where_at` is the
/// position of nodes that have none.
expression to_expression(const PgQuery__Node& node, int where_at);

/// Appends the terms of a conjunction, or the expression itself.
void add_terms(expression&& from, std::vector<expression>& to);

[[noreturn]] void refuse_syntax(int at, std::string message, std::string advice = {});

} // namespace millrace
