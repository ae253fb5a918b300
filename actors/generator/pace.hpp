#pragma once

/// How fast rows are written: a token bucket, and how orders follow the day.

#include <chrono>

namespace millrace::generator {

using wall_clock = std::chrono::system_clock;
using moment = wall_clock::time_point;

/// Lets `rate` rows a second through. What wasn't used in the last second is lost:
/// after a pause it catches up at most that much. Pure; time is an argument.
class pace {
 public:
  /// `rate` in rows per second; 0 or less = none at all.
  pace(double rate, moment now) : rate_(rate), last_(now) {}

  /// From now on; what has been saved up stays.
  void set_rate(double rate, moment now);
  double rate() const { return rate_; }

  /// Returns how many rows may be written now; negative after too many.
  double allowance(moment now);
  /// To be told after writing.
  void spent(std::size_t rows) { tokens_ -= static_cast<double>(rows); }
  /// Returns how long until `rows` may be written; at most a second, so that a
  /// new rate is noticed.
  std::chrono::milliseconds until(double rows, moment now);

 private:
  double rate_;
  double tokens_ = 0;
  moment last_;
};

/// Returns how much shopping goes on at a time of day (UTC), 1 on the day's
/// average: quiet at 4, busy at 16 o'clock.
double shopping(moment now);

} // namespace millrace::generator
