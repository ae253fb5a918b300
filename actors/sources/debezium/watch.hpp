#pragma once

/// Decides when to restart a connector that failed. Pure: statuses and time are arguments.

#include "actors/sources/debezium/status.hpp"

#include <chrono>
#include <optional>

namespace millrace::connect {

class watch {
 public:
  using time_point = std::chrono::steady_clock::time_point;

  /// Returns whether to restart the FAILED parts now. Waits 1 s after the first restart, and doubles
  /// the wait each time up to 60 s. After one minute without a failure, the wait is 1 s again.
  bool see(const connector_status& status, time_point now);

  /// Returns the number of restarts since the connector last ran for a minute without a failure.
  int restarts() const { return restarts_; }

 private:
  std::chrono::seconds pause() const;

  int restarts_ = 0;
  std::optional<time_point> last_;    ///< time of the last restart
  std::optional<time_point> running_; ///< start of the time without a failure
};

} // namespace millrace::connect
