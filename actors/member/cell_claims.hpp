#pragma once

/// Who says that it serves which cell. While a shard goes from one node to another
/// both say so for a moment: the later word counts.

#include "messages/units.hpp"

#include <cstdint>
#include <map>
#include <set>
#include <string>

namespace millrace {

class cell_claims {
 public:
  /// Takes what a node says now, in the place of what it said before.
  void say(const std::string& node, const std::set<cell_id>& cells);

  /// Returns each cell's node.
  std::map<cell_id, std::string> owners() const;

  /// Tells whether somebody says that it serves the cell.
  bool claimed(cell_id cell) const;

 private:
  std::map<std::string, std::map<cell_id, std::uint64_t>> since_; ///< by node: when it began to say so
  std::uint64_t words_ = 0;
};

} // namespace millrace
