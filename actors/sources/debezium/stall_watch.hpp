#pragma once

/// Decides when to restart a connector that Connect reports as running while no client reads its
/// replication slot. Debezium can hang in a connection to a PostgreSQL that died. Pure: observations
/// and time are arguments.

#include <chrono>
#include <optional>

namespace millrace::connect {

class stall_watch {
 public:
  using time_point = std::chrono::steady_clock::time_point;

  /// How long the slot can be idle before a restart. Doubles after each restart, because a later
  /// snapshot looks the same. Applies only after the slot was read once: a first snapshot can take hours
  /// without reading it.
  static constexpr std::chrono::seconds patience{60};

  /// `slot_active` says whether a client reads the slot. nullopt: the slot doesn't exist, or PostgreSQL
  /// doesn't answer. Returns whether to restart the connector now.
  bool see(bool running, std::optional<bool> slot_active, time_point now);

 private:
  bool was_read_ = false;
  int restarts_ = 0;
  std::optional<time_point> idle_since_;
};

} // namespace millrace::connect
