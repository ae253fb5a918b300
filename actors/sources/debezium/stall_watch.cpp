#include "actors/sources/debezium/stall_watch.hpp"

#include <algorithm>

namespace millrace::connect {

namespace {

constexpr int most_doublings = 10;

} // namespace

bool stall_watch::see(bool running, std::optional<bool> slot_active, time_point now) {
  if (slot_active.value_or(false)) {
    was_read_ = true;
    restarts_ = 0;
  }
  if (!running || !was_read_ || slot_active.value_or(true)) {
    idle_since_.reset();
    return false;
  }
  if (!idle_since_)
    idle_since_ = now;
  if (now - *idle_since_ < patience * (1 << std::min(restarts_, most_doublings)))
    return false;
  ++restarts_;
  idle_since_.reset();
  return true;
}

} // namespace millrace::connect
