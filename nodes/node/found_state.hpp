#pragma once

/// What a node that starts finds: in Redis, of the ledger and its cells, in the topics, in the catalog.

#include "actors/cdc_router/topic_check.hpp"
#include "actors/ledger/ledger_decision.hpp"
#include "nodes/node/start.hpp"

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace millrace {

/// An error is a Redis that no flush can be written to. A replica may be promoted, so that is
/// waited for (unavailable).
result<void> look_at_redis(const settings& how);

/// Returns what this node would write.
result<wanted_ledger> wanted(const settings& how, postgres::session& db, const redis::project_format& found);

/// Returns what Redis has lost of the state: then nobody can go on from it.
result<std::optional<std::string>> lost_state(const settings& how, const redis::project_format& found);

/// Returns the cells' positions; notes whether it is the first fill.
result<std::vector<cell_positions>> look_at_cells(redis::store& store, const settings& how, started& out);

/// Takes the ledger's life, and returns what its cells have.
result<std::vector<cell_positions>> look_at_ledger(redis::store& store, const settings& how, started& out);

/// Compares the topics with what the cells have of them.
result<topic_state> look_at_topics(const settings& how, const started& x,
                                   const std::vector<cell_positions>& have);

/// Notes tables whose records don't tell everything any more: the leader reads them again.
result<void> doubt_tables(redis::store& store, postgres::session& db, const started& x,
                          const std::map<table_id, std::string>& tables);

/// Tells whether tables and columns that the plans use are as they were. Where
/// nobody can say, they are.
bool is_as_in_catalog(postgres::session& db, const plan_set& plans);

} // namespace millrace
