#pragma once

/// Redis's clock, which all nodes use. The clocks of two machines differ, but a bucket must close
/// at the same time on every node.

#include "messages/units.hpp"

#include <atomic>
#include <chrono>

namespace millrace::redis {

/// Returns this machine's time, for a Redis that doesn't allow TIME.
inline std::chrono::microseconds machine_time() {
  return std::chrono::duration_cast<std::chrono::microseconds>(
      std::chrono::system_clock::now().time_since_epoch());
}

/// Redis's time: the last value read, and the time since on the steady clock. Thread-safe.
class server_clock {
 public:
  /// Sets the clock. `says`: Redis's time now, from store::time().
  void set(std::chrono::microseconds says) { ahead_ = (says - steady()).count(); }

  /// Returns Redis's time, Unix time in s.
  tick_seconds now() const {
    auto at = steady() + std::chrono::microseconds{ahead_};
    return {std::chrono::floor<std::chrono::seconds>(at).count()};
  }

 private:
  static std::chrono::microseconds steady() {
    return std::chrono::duration_cast<std::chrono::microseconds>(
        std::chrono::steady_clock::now().time_since_epoch());
  }
  std::atomic<std::int64_t> ahead_{0}; ///< ahead of the steady clock, microseconds
};

} // namespace millrace::redis
