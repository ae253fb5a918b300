#pragma once

/// The values that a min or max is of, sorted, with how often each is there:
/// 16 bytes a distinct value.

#include <cstdint>
#include <vector>

namespace millrace {

class value_bag {
 public:
  /// Adds `x` so many times, or takes it away if `times` is negative. A value
  /// may for a moment be there less than no times: moves come in any order.
  void add(std::int64_t x, std::int64_t times);

  /// Adds (sign 1) or takes away (sign -1) all that `other` has.
  void add(const value_bag& other, std::int64_t sign);

  bool empty() const { return chunks_.empty(); }
  /// Not to be called when empty.
  std::int64_t least() const { return chunks_.front().front().x; }
  std::int64_t greatest() const { return chunks_.back().back().x; }

  std::size_t memory() const;

 private:
  struct entry {
    std::int64_t x, times;
  };
  using chunk = std::vector<entry>; ///< never empty; sorted, and below the next one

  std::vector<chunk> chunks_;
};

} // namespace millrace
