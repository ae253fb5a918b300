#include "actors/sources/postgres/feedback.hpp"

#include <algorithm>

namespace millrace::postgres {

void feedback::durable_to(const wal_position& x) { durable_ = std::max(durable_, x); }

wal_position feedback::reached() const {
  auto within_a_transaction = read_.place > lsn{} && read_.place < read_.commit;
  return within_a_transaction ? read_ : std::max(read_, wal_position{quiet_, {}});
}

lsn feedback::confirmed() {
  confirmed_ = std::max(confirmed_, confirmable(durable_));
  if (confirms_quiet_ && durable_ >= read_)
    confirmed_ = std::max(confirmed_, confirmable(reached()));
  return confirmed_;
}

void feedback::sent(time_point now) {
  last_ = now;
  wanted_ = false;
}

} // namespace millrace::postgres
