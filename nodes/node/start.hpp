#pragma once

/// What has to be right before records flow: figures planned, ledger found or
/// made, topics the ones that the ledger was filled from. Cells are claimed later,
/// when it is known which of them are this node's.

#include "actors/ledger/fill_note.hpp"
#include "actors/ledger/stored_plans.hpp"
#include "nodes/settings/project_parts.hpp"

#include <map>
#include <memory>

namespace millrace {

/// All that a node's actors are made from.
struct started {
  std::shared_ptr<stored_plans> stored; ///< the ledger's
  std::shared_ptr<plan_set> plans;      ///< the present ones of them
  std::string database;                 ///< PostgreSQL's system_identifier; empty: not asked
  std::string life;                     ///< the ledger's
  std::map<source_id, kafka::topic_partition> sources;
  fill_note note;
  bool live = false;
  bool first_fill = false; ///< no cell holds anything
};

/// Does it all. A ledger's figures are its own: the files are read where one
/// begins, or has to begin again. Errors: unavailable (try again later); anything else is for a person.
result<started> start(const settings& how);

/// Forgets former plans of which none of all cells' logs has a block any more.
result<void> forget_former(redis::store& store, stored_plans stored, const std::vector<cell_ledger>& ledgers);

} // namespace millrace
