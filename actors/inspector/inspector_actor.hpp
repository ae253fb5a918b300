#pragma once

/// The inspector: asks the other actors, and puts the answers together.

#include "actors/inspector/status.hpp"
#include "actors/interfaces.hpp"

#include <chrono>
#include <memory>

namespace millrace {

struct inspector_settings {
  status_parts frame; ///< what doesn't change: project, figures, tables
  cdc_router_actor router;
  redis_writer_actor writer;
  cluster_actor cluster;
  member_actor member;
};

struct inspector_state {
  static inline constexpr const char* name = "inspector";
  explicit inspector_state(inspector_actor::stateful_pointer<inspector_state> self) : self(self) {}

  inspector_actor::behavior_type make_behavior(inspector_settings settings);
  caf::result<std::string> gather();
  void ask_all(caf::typed_response_promise<std::string> promise, const cell_homes& cells);
  caf::result<std::vector<std::int64_t>> last_written(const std::string& figure,
                                                      const std::vector<std::string>& keys);
  void measure_rate(std::int64_t events);

  inspector_actor::stateful_pointer<inspector_state> self;
  inspector_settings how;
  std::int64_t events_before = 0, rate = 0;
  caf::actor_clock::time_point measured{};
};

inspector_actor::behavior_type inspector(inspector_actor::stateful_pointer<inspector_state> self,
                                         inspector_settings how);

} // namespace millrace
