#pragma once

/// When to restart a connector that failed. Pure: statuses and time come in.

#include "actors/sources/debezium/status.hpp"

#include <chrono>
#include <optional>

namespace millrace::connect {

class watch {
 public:
  using time_point = std::chrono::steady_clock::time_point;

  /// Returns whether to restart what FAILED now. Waits 1 s after the first
  /// restart, then twice as long each time, up to 60 s; a connector that has run
  /// for a minute without a failure begins at 1 s again.
  bool see(const connector_status& status, time_point now);

  /// How often it was restarted since it last ran for a minute.
  int restarts() const { return restarts_; }

 private:
  std::chrono::seconds pause() const;

  int restarts_ = 0;
  std::optional<time_point> last_;    ///< restart
  std::optional<time_point> running_; ///< since then without a failure
};

} // namespace millrace::connect
