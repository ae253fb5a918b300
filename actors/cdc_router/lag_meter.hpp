#pragma once

/// From the commit in PostgreSQL to the flush in Redis, measured at the router:
/// a change's times are kept until the cell that got it says that it is durable.
/// Only one change is followed at a time for each cell and source.

#include "messages/units.hpp"

#include <cstdint>
#include <map>
#include <utility>

namespace millrace {

class lag_meter {
 public:
  /// The cell was sent changes of the source up to `last`. The newest record
  /// was committed at `commit_ms` (0 = not known), and the batch was read from
  /// Kafka at `read_ms` (both Unix time).
  void delivered(cell_id cell, source_id source, kafka_offset last, std::int64_t commit_ms,
                 std::int64_t read_ms);

  /// All up to `last` is durable in the cell now.
  void durable(cell_id cell, source_id source, kafka_offset last, std::int64_t now_ms);

  /// The source is read no more: its changes aren't followed any longer.
  void forget(source_id source);

  /// Returns the newest lag in milliseconds: from the commit, and from the read.
  std::int64_t end_to_end_ms() const { return end_to_end_ms_; }
  std::int64_t own_ms() const { return own_ms_; }

 private:
  struct mark {
    kafka_offset last;
    std::int64_t commit_ms, read_ms;
  };
  std::map<std::pair<cell_id, source_id>, mark> followed_;
  std::int64_t end_to_end_ms_ = 0, own_ms_ = 0;
};

} // namespace millrace
