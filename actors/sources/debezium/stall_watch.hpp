#pragma once

/// When to restart a connector that runs, says Connect, while nobody reads its
/// replication slot: Debezium that hangs in a connection to a PostgreSQL that
/// died. Pure: what was seen and the time come in.

#include <chrono>
#include <optional>

namespace millrace::connect {

class stall_watch {
 public:
  using time_point = std::chrono::steady_clock::time_point;

  /// The slot must have been read since it is there: a first snapshot may take
  /// hours without it. Then it may be idle for so long, and after each restart
  /// twice as long, since a later snapshot looks the same.
  static constexpr std::chrono::seconds patience{60};

  /// `slot_active`: whether somebody reads the slot; nullopt: it isn't there, or
  /// PostgreSQL doesn't answer. Returns whether to restart the connector now.
  bool see(bool running, std::optional<bool> slot_active, time_point now);

 private:
  bool was_read_ = false;
  int restarts_ = 0;
  std::optional<time_point> idle_since_;
};

} // namespace millrace::connect
