#include "actors/sources/debezium/slot_reading.hpp"

namespace millrace::connect {

slot_reading::seen slot_reading::see(bool active, lsn confirmed, time_point now) {
  if (!since_ || confirmed != confirmed_) {
    confirmed_ = confirmed;
    since_ = now;
    asked_ = false;
  }
  auto idle = now - *since_;
  auto ask = active && idle >= ask_after && !asked_;
  asked_ = asked_ || ask;
  return {active && idle < idle_after, ask};
}

slot_reading::time_point::duration slot_reading::still(time_point now) {
  if (!since_)
    since_ = now;
  return now - *since_;
}

} // namespace millrace::connect
