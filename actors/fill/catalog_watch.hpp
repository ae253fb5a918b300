#pragma once

/// Compares what the rows in the cells rely on of each table with PostgreSQL's catalog, and
/// notes in the ledger which tables are in doubt. For the node that leads; one thread.

#include "actors/figures/plan/plan.hpp"
#include "actors/fill/table_changes.hpp"
#include "actors/redis/store.hpp"

namespace millrace {

struct catalog_watch_settings {
  const plan_set* plans = nullptr;
  std::string publication;
  std::vector<std::string> roles; ///< the node's and Debezium's
  std::string life;               ///< of the ledger
};

/// Returns the facts of the captured tables, or of those of them in `only` (SCHEMA.TABLE),
/// as they are now: what a fill that begins to read these tables relies on.
result<postgres::catalog_picture> facts_now(postgres::session& db, const catalog_watch_settings& how,
                                            const std::vector<std::string>& only = {});

/// Returns the tables that are there as the ledger keeps them, for store::rely_on().
std::map<std::string, std::string> to_be_relied_on(const postgres::catalog_picture& x);

/// Returns what stands in the way of exact figures over these tables, by SCHEMA.TABLE: to
/// read such a table again is of no use before that ends.
std::map<std::string, std::vector<complaint>> standing(const postgres::catalog_picture& x,
                                                       const catalog_watch_settings& how);

class catalog_watch {
 public:
  explicit catalog_watch(catalog_watch_settings how) : how_(std::move(how)) {}

  /// Notes a doubt for each table that isn't as it was relied on, and logs it the first
  /// time. What a table relies on that the ledger doesn't tell is taken from here. A doubt
  /// about columns that no figure uses any more ends. Errors: as those of the two servers.
  result<void> look(postgres::session& db, redis::store& ledger);

 private:
  result<void> note(redis::store& ledger, const std::string& table, const complaint& x, lsn at,
                    const std::string& seen);
  result<void> end_idle_doubts(redis::store& ledger, const std::map<std::string, redis::table_doubt>& doubts);

  catalog_watch_settings how_;
  std::set<std::pair<std::string, std::string>> said_; ///< tables and complaints of the last look
};

} // namespace millrace
