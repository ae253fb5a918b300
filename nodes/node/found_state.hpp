#pragma once

/// What a starting node finds in Redis, in the ledger and its cells, in the topics and in the catalog.

#include "actors/ledger/ledger_decision.hpp"
#include "actors/sources/change_source.hpp"
#include "nodes/node/start.hpp"

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace millrace {

/// Checks Redis. An error means that it can't store a flush. A replica can be promoted, so that error is
/// `unavailable`: try again.
result<void> look_at_redis(const settings& how);

/// Returns the ledger that this node would write.
result<wanted_ledger> wanted(const settings& how, postgres::session& db, const redis::project_format& found);

/// Returns what state Redis has lost, if any. No node can continue from such a ledger.
result<std::optional<std::string>> lost_state(const settings& how, const redis::project_format& found);

/// Returns the cells' positions. Sets `first_fill` in `out`.
result<std::vector<cell_positions>> look_at_cells(redis::store& store, const settings& how, started& out);

/// Stores the ledger's incarnation in `out` and returns its cells' positions.
result<std::vector<cell_positions>> look_at_ledger(redis::store& store, const settings& how, started& out);

/// Compares the sources with the cells' positions.
result<log_state> look_at_logs(const settings& how, const started& x,
                               const std::vector<cell_positions>& have);

/// Writes a doubt for tables that may have changed without records. The leader reads them again.
result<void> doubt_tables(redis::store& store, postgres::session& db, const started& x,
                          const std::map<table_id, std::string>& tables);

/// Returns whether the tables and columns that the plans use are unchanged. Returns true if PostgreSQL
/// doesn't answer.
bool is_as_in_catalog(postgres::session& db, const plan_set& plans);

} // namespace millrace
