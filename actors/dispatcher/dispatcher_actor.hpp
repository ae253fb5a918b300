#pragma once

/// The dispatcher: a node's door for changes. Between nodes a message costs as
/// much as the work on dozens of changes, and a router has something for most
/// cells each time it reads: what is for one node comes together, and is taken
/// apart here.

#include "actors/interfaces.hpp"

#include <map>

namespace millrace {

struct dispatcher_state {
  static inline constexpr const char* name = "dispatcher";
  explicit dispatcher_state(dispatcher_actor::stateful_pointer<dispatcher_state> self) : self(self) {}

  dispatcher_actor::behavior_type make_behavior();
  void hand_on(const std::vector<change_batch>& batches);

  dispatcher_actor::stateful_pointer<dispatcher_state> self;
  std::map<cell_id, aggregator_actor> cells; ///< of this node
};

/// Spawned once a node.
dispatcher_actor::behavior_type dispatcher(dispatcher_actor::stateful_pointer<dispatcher_state> self);

} // namespace millrace
