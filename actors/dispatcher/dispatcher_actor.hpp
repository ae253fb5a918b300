#pragma once

/// The dispatcher: receives a node's batches and forwards them to its cells. A message between
/// nodes costs as much as dozens of changes, and each poll gives a router batches for most cells.
/// So it sends all batches for a node in one message.

#include "actors/interfaces.hpp"

#include <map>

namespace millrace {

struct dispatcher_state {
  static inline constexpr const char* name = "dispatcher";
  explicit dispatcher_state(dispatcher_actor::stateful_pointer<dispatcher_state> self) : self(self) {}

  dispatcher_actor::behavior_type make_behavior();
  void hand_on(const std::vector<change_batch>& batches);

  dispatcher_actor::stateful_pointer<dispatcher_state> self;
  std::map<cell_id, aggregator_actor> cells; ///< this node's cells
};

/// Returns the behavior of a node's dispatcher.
dispatcher_actor::behavior_type dispatcher(dispatcher_actor::stateful_pointer<dispatcher_state> self);

} // namespace millrace
