#pragma once

/// When the clock changes what a row counts for: each row of a figure with now() has at most one entry, its
/// next turn. Plain data; the fold says when a row's turns are.

#include "actors/cell/row_table.hpp"

#include <optional>
#include <set>
#include <utility>
#include <vector>

namespace millrace {

class turn_schedule {
 public:
  /// Replaces a row's turn by another. nullopt: the row has none.
  void move(route_id route, std::string_view key, std::optional<tick_seconds> before,
            std::optional<tick_seconds> after);

  /// Returns the first turn; nullopt if no row has one.
  std::optional<tick_seconds> next() const;
  /// Removes and returns the rows whose turn is at `now` or before.
  std::vector<row_name> take(tick_seconds now);

  std::size_t size() const { return turns_.size(); }
  void clear() { turns_.clear(); }

 private:
  std::set<std::pair<tick_seconds, row_name>> turns_;
};

} // namespace millrace
