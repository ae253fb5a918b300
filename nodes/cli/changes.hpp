#pragma once

/// Compares the figure files with the ledger: what `plan` shows and `apply` does.

#include "actors/figures/plan/plan_change.hpp"
#include "actors/ledger/stored_plans.hpp"
#include "actors/postgres/session.hpp"
#include "nodes/settings/config.hpp"

namespace millrace {

struct wanted_change {
  redis::project_format found; ///< the ledger's; no format means no ledger
  plan_set before, after;      ///< with the same table numbers
  plan_change change;

  /// Returns the tables that would be captured for the first time.
  std::vector<std::string> new_tables() const;
};

/// Compares the files' plans, from plan_project(), with the ledger's. Error (corrupt): this build can't
/// read the ledger.
result<wanted_change> compare(const settings& how, const plan_set& files);

/// The cost of a change, estimated by PostgreSQL and from the ledger.
struct change_costs {
  std::map<std::string, std::int64_t> places; ///< to delete, by figure; -1: unknown
  std::map<std::string, std::int64_t> rows;   ///< of the tables from which figures are filled; -1: unknown
};
change_costs estimate(const settings& how, postgres::session& db, const wanted_change& x);

std::string to_text(const wanted_change& x, const change_costs& costs);
std::string to_json(const wanted_change& x, const change_costs& costs);

} // namespace millrace
