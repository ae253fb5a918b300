#pragma once

/// Checks before records flow: plans the figures, finds or creates the ledger, and checks that the topics
/// are those from which the ledger was filled. Cells are claimed later, when this node's shards are known.

#include "actors/ledger/fill_note.hpp"
#include "actors/ledger/stored_plans.hpp"
#include "nodes/settings/project_parts.hpp"
#include "nodes/settings/source_parts.hpp"

#include <map>
#include <memory>

namespace millrace {

/// What a node's actors are created from.
struct started {
  std::shared_ptr<stored_plans> stored; ///< the ledger's
  std::shared_ptr<plan_set> plans;      ///< the present plans among them
  std::string database;                 ///< PostgreSQL's system_identifier; empty: not read
  std::string life;                     ///< the ledger's incarnation
  project_sources sources;
  fill_note note;
  bool live = false;
  bool first_fill = false; ///< no cell has any state
};

/// Runs all checks. The ledger has its own plans: the files are read only for a new ledger, or for one that
/// must be filled again. Errors: unavailable (try again later); every other needs a person.
result<started> start(const settings& how);

/// Deletes former plans that no block of any cell's state log uses.
result<void> forget_former(redis::store& store, stored_plans stored, const std::vector<cell_ledger>& ledgers);

} // namespace millrace
