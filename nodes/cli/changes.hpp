#pragma once

/// What the figures' files mean for the ledger that is there: what `plan` shows
/// and `apply` does.

#include "actors/figures/plan/plan_change.hpp"
#include "actors/ledger/stored_plans.hpp"
#include "actors/postgres/session.hpp"
#include "nodes/settings/config.hpp"

namespace millrace {

struct wanted_change {
  redis::project_format found; ///< the ledger's; without a format there is none
  plan_set before, after;      ///< in the same numbers
  plan_change change;

  /// Returns the tables that are captured for the first time.
  std::vector<std::string> new_tables() const;
};

/// Compares the plans of the files with the ledger's. `files`: those of
/// plan_project(). Error (corrupt): a ledger that this build can't read.
result<wanted_change> compare(const settings& how, const plan_set& files);

/// What it costs, by estimates of PostgreSQL and the ledger.
struct change_costs {
  std::map<std::string, std::int64_t> places; ///< to be deleted, by figure; -1: nobody knows
  std::map<std::string, std::int64_t> rows;   ///< of tables that figures are filled from; -1: nobody knows
};
change_costs estimate(const settings& how, postgres::session& db, const wanted_change& x);

std::string to_text(const wanted_change& x, const change_costs& costs);
std::string to_json(const wanted_change& x, const change_costs& costs);

} // namespace millrace
