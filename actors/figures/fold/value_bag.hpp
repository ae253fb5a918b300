#pragma once

/// The sorted values of a min or max, each with its count. Takes 16 bytes per distinct value.

#include <cstdint>
#include <vector>

namespace millrace {

class value_bag {
 public:
  /// Adds `x` `times` times. Removes it if `times` is negative. A count can be negative between two
  /// changes, because a move can arrive in either order.
  void add(std::int64_t x, std::int64_t times);

  /// Adds (sign 1) or removes (sign -1) all values of `other`.
  void add(const value_bag& other, std::int64_t sign);

  bool empty() const { return chunks_.empty(); }
  /// Call least() and greatest() only if the bag isn't empty.
  std::int64_t least() const { return chunks_.front().front().x; }
  std::int64_t greatest() const { return chunks_.back().back().x; }

  std::size_t memory() const;

 private:
  struct entry {
    std::int64_t x, times;
  };
  using chunk = std::vector<entry>; ///< never empty; sorted, and all below the next chunk

  std::vector<chunk> chunks_;
};

} // namespace millrace
