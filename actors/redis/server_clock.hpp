#pragma once

/// The clock that every node goes by: Redis's. The clocks of two machines differ,
/// and a bucket must close at the same moment wherever its cell is served.

#include "messages/units.hpp"

#include <atomic>
#include <chrono>

namespace millrace::redis {

/// Returns this machine's time, for where Redis doesn't tell its own.
inline std::chrono::microseconds machine_time() {
  return std::chrono::duration_cast<std::chrono::microseconds>(
      std::chrono::system_clock::now().time_since_epoch());
}

/// Goes on by itself from what Redis said last; used by many threads.
class server_clock {
 public:
  /// `says`: Redis's time, from store::time(), just now.
  void set(std::chrono::microseconds says) { ahead_ = (says - steady()).count(); }

  /// Returns Redis's time, in Unix seconds.
  tick_seconds now() const {
    auto at = steady() + std::chrono::microseconds{ahead_};
    return {std::chrono::floor<std::chrono::seconds>(at).count()};
  }

 private:
  static std::chrono::microseconds steady() {
    return std::chrono::duration_cast<std::chrono::microseconds>(
        std::chrono::steady_clock::now().time_since_epoch());
  }
  std::atomic<std::int64_t> ahead_{0}; ///< microseconds, of the steady clock
};

} // namespace millrace::redis
