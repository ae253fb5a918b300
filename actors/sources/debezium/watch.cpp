#include "actors/sources/debezium/watch.hpp"

#include <algorithm>

namespace millrace::connect {

namespace {

constexpr std::chrono::seconds longest_pause{60};
constexpr std::chrono::seconds steady{60};

} // namespace

std::chrono::seconds watch::pause() const {
  return std::min(std::chrono::seconds{1 << std::clamp(restarts_ - 1, 0, 6)}, longest_pause);
}

bool watch::see(const connector_status& status, time_point now) {
  if (status.running()) {
    if (!running_)
      running_ = now;
    if (now - *running_ >= steady)
      restarts_ = 0;
    return false;
  }
  running_.reset();
  if (!status.failed() || (last_ && restarts_ > 0 && now - *last_ < pause()))
    return false;
  last_ = now;
  ++restarts_;
  return true;
}

} // namespace millrace::connect
