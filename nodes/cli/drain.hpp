#pragma once

/// Waits until all that is committed in PostgreSQL now has taken durable effect
/// in Redis (design: a marker, the partitions' ends, the ledger).

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

  /// An error (unavailable) says what wasn't reached within `limit`.
  result<void> wait(std::chrono::seconds limit);

 private:
  using deadline = std::chrono::steady_clock::time_point;
  result<void> through_debezium(deadline until);
  result<void> through_millrace(deadline until);

  const settings& how_;
  const plan_set& plans_;
  redis::store& store_;
  postgres::session& db_;
};

} // namespace millrace
