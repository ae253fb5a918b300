#pragma once

/// The sender of alerts. Every node has one if a receiver is set; only the leader's sends. Each receiver
/// has a courier with a thread of its own, so a receiver that doesn't answer holds up nothing else.
///
///     tick -> run ~> courier: alerts:stream -> POST -> position ~> report
///
/// Two nodes can both believe that they lead for a moment. A courier moves the position only from where it
/// found it, so nothing is skipped, and a receiver can get an event twice.

#include "actors/alert_sender/courier.hpp"
#include "actors/interfaces.hpp"

#include <chrono>
#include <functional>
#include <optional>
#include <vector>

namespace millrace {

struct alert_receiver {
  std::string name, server; ///< as in receiver_report
  alert_courier_actor courier;
};

struct alert_sender_settings {
  std::vector<alert_receiver> receivers;
  std::chrono::milliseconds interval{1000};
  std::chrono::seconds round_limit{120}; ///< a round takes some seconds; one that takes longer is told
  std::function<std::int64_t()> now;     ///< Unix time, s
};

struct alert_sender_state {
  static inline constexpr const char* name = "alert_sender";
  explicit alert_sender_state(alert_sender_actor::stateful_pointer<alert_sender_state> self) : self(self) {}

  alert_sender_actor::behavior_type make_behavior(alert_sender_settings settings);
  void take_lead(bool leads);
  void tick();
  void start(std::size_t which);
  void say_stuck(std::size_t which);
  void take(std::size_t which, std::uint64_t term, receiver_report x);

  alert_sender_actor::stateful_pointer<alert_sender_state> self;
  alert_sender_settings how;
  sender_report report;
  std::vector<std::optional<caf::actor_clock::time_point>> begun; ///< by receiver: of the round that it is in
  std::vector<bool> fresh; ///< by receiver: hasn't begun a round since this node leads
  std::uint64_t term = 0;  ///< how often this node has begun or ceased to lead
};

alert_sender_actor::behavior_type alert_sender(alert_sender_actor::stateful_pointer<alert_sender_state> self,
                                               alert_sender_settings how);

/// Returns a courier's behavior. Spawn it detached: calls to Redis and to the receiver block its thread.
alert_courier_actor::behavior_type alert_courier(alert_courier_actor::pointer self, courier_settings how,
                                                 courier_backend with);

} // namespace millrace
