#pragma once

/// Writes a cell's rows anew, chunk by chunk, while flushes go on: how the log
/// stays short.
///
///     log   g: [block][block] ............ [block n][block n+1] -> unlinked
///     copy g+1:        [chunk 1][block n][chunk 2][block n+1]   -> becomes the log
///
/// Rows are whole in every block, so the order of a chunk and a block of the
/// same flush doesn't matter.

#include "actors/cell/row_table.hpp"

namespace millrace {

class state_copy {
 public:
  /// A log may be this much longer than the last copy before it is copied again.
  static constexpr std::size_t slack_bytes = 1 << 20;
  static constexpr std::size_t rows_per_chunk = 5000;

  /// Returns whether the log has outgrown its last full copy.
  static bool due(std::size_t log_bytes, std::size_t copied_bytes) {
    return log_bytes > 2 * copied_bytes + slack_bytes;
  }

  explicit state_copy(const row_table& rows) : waiting_(rows.names()) {}

  /// Returns the next chunk's rows as they are now; none once all are copied.
  block_rows next(const row_table& rows);
  bool finished() const { return at_ == waiting_.size(); }

  /// Counts what went to the copy.
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
