#pragma once

/// The rate of writing: a token bucket, and the daily pattern of orders.

#include <chrono>

namespace millrace::generator {

using wall_clock = std::chrono::system_clock;
using moment = wall_clock::time_point;

/// A token bucket of `rate` rows per second. It saves at most one second of unused rows, so the burst after
/// a pause is at most that. Pure: time is an argument.
class pace {
 public:
  /// `rate` is in rows per second; 0 or less means none.
  pace(double rate, moment now) : rate_(rate), last_(now) {}

  /// Changes the rate from now on. Saved rows stay.
  void set_rate(double rate, moment now);
  double rate() const { return rate_; }

  /// Returns how many rows can be written now. Negative after too many.
  double allowance(moment now);
  /// Records the rows written. Call it after writing.
  void spent(std::size_t rows) { tokens_ -= static_cast<double>(rows); }
  /// Returns how long to wait until `rows` can be written. At most 1 s, so that a new rate takes effect.
  std::chrono::milliseconds until(double rows, moment now);

 private:
  double rate_;
  double tokens_ = 0;
  moment last_;
};

/// Returns the shopping activity at a time of day (UTC), 1 on average: low at 04:00, high at 16:00.
double shopping(moment now);

} // namespace millrace::generator
