#pragma once

/// From the commit in PostgreSQL to the flush in Redis, measured at the router:
/// a record's commit time is kept until its offset is durable.

#include "messages/units.hpp"

#include <cstdint>
#include <deque>
#include <map>

namespace millrace {

class lag_meter {
 public:
  /// A batch that ends at `last` was delivered; its newest record was committed
  /// at `commit_ms`, and was read from Kafka at `read_ms` (both Unix time).
  void delivered(source_id source, kafka_offset last, std::int64_t commit_ms, std::int64_t read_ms);

  /// All up to `last` is durable now.
  void durable(source_id source, kafka_offset last, std::int64_t now_ms);

  /// Returns the newest lag in milliseconds: from the commit, and from the read.
  std::int64_t end_to_end_ms() const { return end_to_end_ms_; }
  std::int64_t own_ms() const { return own_ms_; }

 private:
  struct mark {
    kafka_offset last;
    std::int64_t commit_ms, read_ms;
  };
  std::map<source_id, std::deque<mark>> waiting_;
  std::int64_t end_to_end_ms_ = 0, own_ms_ = 0;
};

} // namespace millrace
