#pragma once

/// Compares the figures with PostgreSQL from time to time, on the node that leads: `millrace verify` beside
/// the writers that go on, in a process of its own.

#include "actors/interfaces.hpp"
#include "actors/reconciler/judge_process.hpp"

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace millrace {

struct reconciler_settings {
  std::vector<std::string> command;  ///< what judges
  std::chrono::seconds interval{0};  ///< from a start to the next one
  std::chrono::seconds limit{3600};  ///< after it, a comparison is ended
  std::function<std::int64_t()> now; ///< Unix time, s
};

struct reconciler_state {
  static inline constexpr const char* name = "reconciler";
  explicit reconciler_state(reconciler_actor::stateful_pointer<reconciler_state> self) : self(self) {}

  reconciler_actor::behavior_type make_behavior(reconciler_settings settings);
  void take_lead(bool leads);
  void tick();
  void start();
  void take(const judgement& x);

  reconciler_actor::stateful_pointer<reconciler_state> self;
  reconciler_settings how;
  reconciliation_report report;
  std::unique_ptr<judge_process> running;
  std::int64_t began = 0; ///< Unix time, s
};

reconciler_actor::behavior_type reconciler(reconciler_actor::stateful_pointer<reconciler_state> self,
                                           reconciler_settings how);

} // namespace millrace
