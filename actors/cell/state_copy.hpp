#pragma once

/// Compaction: rewrites a cell's rows to a new state log, in chunks, while flushes continue.
///
///     log g:           [block][block] ............ [block n][block n+1] -> unlinked
///     new log g+1:     [chunk 1][block n][chunk 2][block n+1]   -> becomes the log
///
/// Every block has complete rows, so a chunk and a block of the same flush can come in any order.

#include "actors/cell/row_table.hpp"

namespace millrace {

class state_copy {
 public:
  /// Bytes by which a state log can exceed twice the last compacted size.
  static constexpr std::size_t slack_bytes = 1 << 20;
  static constexpr std::size_t rows_per_chunk = 5000;

  /// Returns whether the state log needs a compaction.
  static bool due(std::size_t log_bytes, std::size_t copied_bytes) {
    return log_bytes > 2 * copied_bytes + slack_bytes;
  }

  explicit state_copy(const row_table& rows) : waiting_(rows.names()) {}

  /// Returns the next chunk with the rows as they are now; empty if all rows are written.
  block_rows next(const row_table& rows);
  bool finished() const { return at_ == waiting_.size(); }

  /// Counts a block of the new state log.
  void wrote(std::size_t bytes) { ++blocks_, bytes_ += bytes; }
  std::uint64_t blocks() const { return blocks_; }
  std::size_t bytes() const { return bytes_; }

 private:
  std::vector<row_name> waiting_;
  std::size_t at_ = 0;
  std::uint64_t blocks_ = 0;
  std::size_t bytes_ = 0;
};

} // namespace millrace
