#pragma once

/// Waits until everything that is committed in PostgreSQL now is durable in Redis. Uses a marker in the
/// WAL, the partitions' ends and the ledger's positions.

#include "actors/figures/plan/plan.hpp"
#include "actors/redis/store.hpp"
#include "nodes/settings/config.hpp"

#include <chrono>

namespace millrace {

/// Used by one thread.
class drain {
 public:
  drain(const settings& how, const plan_set& plans, redis::store& store, postgres::session& db)
      : how_(how), plans_(plans), store_(store), db_(db) {}

  /// Waits for at most `limit`. An error (unavailable) says what wasn't reached.
  result<void> wait(std::chrono::seconds limit);

 private:
  using deadline = std::chrono::steady_clock::time_point;
  result<void> through_slot(deadline until);
  result<void> through_millrace(deadline until);

  const settings& how_;
  const plan_set& plans_;
  redis::store& store_;
  postgres::session& db_;
};

} // namespace millrace
