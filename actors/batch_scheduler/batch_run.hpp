#pragma once

/// One run: executes the queries of some batch figures in one snapshot, and stages their results in
/// Redis. Blocks its thread. Memory is bounded by a chunk of rows.

#include "actors/figures/plan/plan.hpp"
#include "actors/postgres/session.hpp"
#include "actors/redis/store.hpp"
#include "messages/batch.hpp"

#include <chrono>
#include <functional>

namespace millrace {

struct batch_run_settings {
  const plan_set* plans = nullptr;
  /// Opens a session for one run, so that no run can change the settings of the next.
  std::function<result<postgres::session>()> database;
  std::function<result<redis::store>()> store;
  std::chrono::seconds statement_timeout{300}; ///< per figure
};

/// Returns what became of each figure. A figure that fails doesn't disturb the others: the transaction
/// is read-only, and returns to where it was before each query.
batch_outcome run_batches(const batch_run_settings& how, const batch_order& order);

} // namespace millrace
