#pragma once

/// One slow round over the places of a cell: rows that projections show, then groups of keyed
/// figures. It says what Redis must have there, so that a place which somebody else changed or
/// deleted is found.

#include "actors/cell/row_table.hpp"

namespace millrace {

class place_walk {
 public:
  /// Remembers the keys of the rows that are there now: those that come later are part of the next round.
  place_walk(const row_table& rows, const figure_fold& figures);

  /// Returns the next places, about `count` of them, as the cell has left them.
  std::vector<place_check> next(const row_table& rows, const figure_fold& figures, tick_seconds now,
                                std::size_t count);
  bool finished() const { return finished_; }

 private:
  std::vector<row_name> waiting_;
  std::size_t at_ = 0;
  group_cursor groups_;
  bool finished_ = false;
};

} // namespace millrace
