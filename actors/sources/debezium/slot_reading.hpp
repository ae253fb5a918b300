#pragma once

/// Whether a replication slot is read: not only connected to, but confirmed
/// further and further. Where nothing is written there is nothing to confirm,
/// so a marker has to be written to tell. Pure: what was seen and the time come in.

#include "messages/units.hpp"

#include <chrono>
#include <optional>

namespace millrace::connect {

class slot_reading {
 public:
  using time_point = std::chrono::steady_clock::time_point;

  static constexpr std::chrono::seconds ask_after{15}, idle_after{30};

  struct seen {
    bool read = false; ///< connected to, and confirmed further within the last half minute
    bool ask = false;  ///< write a marker: what follows tells whether somebody reads
  };

  /// What the slot says now.
  seen see(bool active, lsn confirmed, time_point now);

  /// Returns for how long nothing was confirmed, as far as anybody has looked.
  time_point::duration still(time_point now);

 private:
  lsn confirmed_;
  std::optional<time_point> since_; ///< the slot is confirmed up to there
  bool asked_ = false;
};

} // namespace millrace::connect
