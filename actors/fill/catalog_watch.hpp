#pragma once

/// Compares PostgreSQL's catalog with the facts on which the rows in the cells rely, and notes in
/// the ledger which tables are in doubt. Runs on the leader. For one thread.

#include "actors/figures/plan/plan.hpp"
#include "actors/fill/table_changes.hpp"
#include "actors/redis/store.hpp"

namespace millrace {

struct catalog_watch_settings {
  const plan_set* plans = nullptr;
  std::string publication;
  std::vector<std::string> roles; ///< of the node and of Debezium
  std::string life;               ///< incarnation of the ledger
};

/// Returns the present facts of the captured tables, or only of those in `only` (SCHEMA.TABLE). A
/// fill that begins to read the tables relies on them.
result<postgres::catalog_picture> facts_now(postgres::session& db, const catalog_watch_settings& how,
                                            const std::vector<std::string>& only = {});

/// Returns the facts of existing tables in the ledger's form, for store::rely_on().
std::map<std::string, std::string> to_be_relied_on(const postgres::catalog_picture& x);

/// Returns the conditions that prevent exact figures over these tables, by SCHEMA.TABLE. Reading
/// such a table again is useless until the condition ends.
std::map<std::string, std::vector<complaint>> standing(const postgres::catalog_picture& x,
                                                       const catalog_watch_settings& how);

class catalog_watch {
 public:
  explicit catalog_watch(catalog_watch_settings how) : how_(std::move(how)) {}

  /// Notes a doubt for each table that differs from the facts relied on, and logs it the first
  /// time. Adds the facts that the ledger lacks. Ends doubts about columns that no figure uses any
  /// more. Errors: those of PostgreSQL and Redis.
  result<void> look(postgres::session& db, redis::store& ledger);

 private:
  result<void> note(redis::store& ledger, const std::string& table, const complaint& x, lsn at,
                    const std::string& seen);
  result<void> end_idle_doubts(redis::store& ledger, const std::map<std::string, redis::table_doubt>& doubts);

  catalog_watch_settings how_;
  std::set<std::pair<std::string, std::string>> said_; ///< tables and complaints of the last check
};

} // namespace millrace
