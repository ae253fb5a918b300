#pragma once

/// Measures the lag from the commit in PostgreSQL to the flush in Redis. The router keeps a
/// change's times until its cell acknowledges it. Follows one change at a time per cell and
/// partition.

#include "messages/units.hpp"

#include <cstdint>
#include <map>
#include <utility>

namespace millrace {

class lag_meter {
 public:
  /// The router sent the cell changes of the partition up to `last`. `commit_ms`: commit of the
  /// newest record, 0 = unknown. `read_ms`: when the batch was read from Kafka. Both are Unix time,
  /// ms.
  void delivered(cell_id cell, source_id source, stream_position last, std::int64_t commit_ms,
                 std::int64_t read_ms);

  /// The cell is durable up to `last`.
  void durable(cell_id cell, source_id source, stream_position last, std::int64_t now_ms);

  /// The router no longer reads the partition: stops following its changes.
  void forget(source_id source);

  /// Returns, by partition, the age of the oldest change that it follows, ms.
  std::map<source_id, std::int64_t> ages_ms(std::int64_t now_ms) const;

  /// Return the newest lag in ms: from the commit, and from the read.
  std::int64_t end_to_end_ms() const { return end_to_end_ms_; }
  std::int64_t own_ms() const { return own_ms_; }

 private:
  struct mark {
    stream_position last;
    std::int64_t commit_ms, read_ms;
  };
  std::map<std::pair<cell_id, source_id>, mark> followed_;
  std::int64_t end_to_end_ms_ = 0, own_ms_ = 0;
};

} // namespace millrace
