#pragma once

/// How long the writer waits from the first change to the flush: as long as the last flush took. So
/// a quiet node shows a change at once, and the busier Redis is, the more changes a flush merges.

#include <algorithm>
#include <chrono>

namespace millrace {

class flush_pace {
 public:
  static constexpr std::chrono::milliseconds shortest{1};

  explicit flush_pace(std::chrono::milliseconds longest) : longest_(longest) {}

  /// Sets the time that the last flush took, from the first collect to Redis's answer.
  void took(std::chrono::steady_clock::duration x) {
    interval_ = std::clamp(std::chrono::ceil<std::chrono::milliseconds>(x), shortest, longest_);
  }
  std::chrono::milliseconds interval() const { return interval_; }

 private:
  std::chrono::milliseconds longest_, interval_ = shortest;
};

} // namespace millrace
