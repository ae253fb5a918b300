#pragma once

/// Detects whether a client reads a replication slot: it is connected, and the confirmed LSN advances.
/// An idle database has nothing to confirm, so the caller must write a marker to find out. Pure:
/// observations and time are arguments.

#include "messages/units.hpp"

#include <chrono>
#include <optional>

namespace millrace::connect {

class slot_reading {
 public:
  using time_point = std::chrono::steady_clock::time_point;

  static constexpr std::chrono::seconds ask_after{15}, idle_after{30};

  struct seen {
    bool read = false; ///< connected, and the confirmed LSN advanced within the last 30 s
    bool ask = false;  ///< write a marker: the next observations show whether a client reads
  };

  /// Records an observation of the slot.
  seen see(bool active, lsn confirmed, time_point now);

  /// Returns for how long the confirmed LSN hasn't advanced, as far as it was observed.
  time_point::duration still(time_point now);

 private:
  lsn confirmed_;
  std::optional<time_point> since_; ///< the slot is confirmed up to there
  bool asked_ = false;
};

} // namespace millrace::connect
