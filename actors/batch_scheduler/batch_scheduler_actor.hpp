#pragma once

/// The scheduler of batch figures, and its worker. Every node has both; only the leader's scheduler
/// starts runs. It holds the ledger by a fencing token, so a node that believes that it still leads
/// changes nothing.
///
///     tick -> agenda: due? -> step: the run begins -> worker: query, stage -> step: results are shown
///
/// One run at a time: a figure that becomes due meanwhile runs after it.

#include "actors/batch_scheduler/batch_run.hpp"
#include "actors/batch_scheduler/steps.hpp"
#include "actors/interfaces.hpp"

#include <chrono>
#include <functional>
#include <optional>

namespace millrace {

/// The ledger of batch figures, as the scheduler uses it. Errors as in redis::store.
struct batch_backend {
  std::function<result<redis::batch_ledger>()> look;
  std::function<result<void>(const std::string& token)> claim;
  std::function<result<std::optional<redis::batch_refusal>>(const redis::batch_step&)> step;
};

struct batch_scheduler_settings {
  const plan_set* plans = nullptr;
  batch_backend ledger;
  batch_worker_actor worker;
  std::function<std::int64_t()> now; ///< Unix time, s; the same clock on all nodes
  std::chrono::milliseconds interval{1000};
  std::chrono::seconds run_limit{3600}; ///< for one figure; its statement has a shorter limit
};

struct batch_scheduler_state {
  static inline constexpr const char* name = "batch_scheduler";
  explicit batch_scheduler_state(batch_scheduler_actor::stateful_pointer<batch_scheduler_state> self)
      : self(self) {}

  batch_scheduler_actor::behavior_type make_behavior(batch_scheduler_settings settings);
  void take_lead(bool leads);
  void tick();
  result<void> work();
  result<void> hold();
  result<void> begin(const std::vector<batch_due>& due);
  result<void> finish();
  result<std::optional<redis::batch_refusal>> step(const redis::batch_step& x);
  void order(std::uint64_t number, const std::vector<batch_due>& due);
  void take_outcome(std::uint64_t number, batch_outcome x);
  void drop_run();
  scheduler_report status() const;

  batch_scheduler_actor::stateful_pointer<batch_scheduler_state> self;
  batch_scheduler_settings how;
  redis::batch_ledger have;             ///< as last read
  std::string token;                    ///< empty: this node doesn't hold the ledger
  std::optional<std::uint64_t> ordered; ///< number of the run that the worker has
  std::optional<batch_outcome> outcome; ///< of a run that the ledger doesn't know to be over
  bool leads = false;
  std::string trouble;
};

/// Returns the scheduler's behavior. Spawn it detached: calls to Redis block its thread.
batch_scheduler_actor::behavior_type
batch_scheduler(batch_scheduler_actor::stateful_pointer<batch_scheduler_state> self,
                batch_scheduler_settings how);

/// Returns the worker's behavior. Spawn it detached: a run blocks its thread for as long as it takes.
batch_worker_actor::behavior_type batch_worker(batch_worker_actor::pointer self, batch_run_settings how);

} // namespace millrace
