#pragma once

/// Which node claims to serve which cell. While a shard moves, two nodes can claim it. The newer
/// claim wins.

#include "messages/units.hpp"

#include <cstdint>
#include <map>
#include <set>
#include <string>

namespace millrace {

class cell_claims {
 public:
  /// Replaces the cells that a node claims.
  void say(const std::string& node, const std::set<cell_id>& cells);

  /// Returns each cell's node.
  std::map<cell_id, std::string> owners() const;

  /// Returns whether a node claims the cell.
  bool claimed(cell_id cell) const;

 private:
  std::map<std::string, std::map<cell_id, std::uint64_t>>
      since_; ///< by node: when the claim began, counted in `words_`
  std::uint64_t words_ = 0;
};

} // namespace millrace
