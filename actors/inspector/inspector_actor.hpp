#pragma once

/// The inspector: asks the other actors, and puts the answers together. It looks
/// by itself too, so that it can tell since when something is wrong.

#include "actors/inspector/status.hpp"
#include "actors/interfaces.hpp"

#include <chrono>
#include <functional>
#include <memory>

namespace millrace {

struct inspector_settings {
  status_parts frame; ///< what doesn't change: project, figures, tables
  cdc_router_actor router;
  redis_writer_actor writer;
  fill_actor fill;
  member_actor member;
  std::function<std::int64_t()> now; ///< unix seconds
};

struct inspector_state {
  static inline constexpr const char* name = "inspector";
  explicit inspector_state(inspector_actor::stateful_pointer<inspector_state> self) : self(self) {}

  inspector_actor::behavior_type make_behavior(inspector_settings settings);
  caf::result<std::string> gather();
  void ask_all(std::function<void(std::string)> deliver, const cell_homes& cells);
  std::string put_all_together(status_parts& parts);
  caf::result<std::vector<std::int64_t>> last_written(const std::string& figure,
                                                      const std::vector<std::string>& keys);
  void take_count(std::int64_t events);
  void measure_rate(std::int64_t events);

  inspector_actor::stateful_pointer<inspector_state> self;
  inspector_settings how;
  status_parts last; ///< what the actors said at the last look, and since when what is wrong
  std::int64_t events_before = 0, events_seen = 0, rate = 0;
  caf::actor_clock::time_point measured{}, moved{}; ///< moved: when the last record came
};

inspector_actor::behavior_type inspector(inspector_actor::stateful_pointer<inspector_state> self,
                                         inspector_settings how);

} // namespace millrace
