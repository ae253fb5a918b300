#pragma once

/// One round over the places of a cell: first the rows that projections show, then the groups of
/// keyed figures. Each flush names a few, with what Redis must have, so that the writer finds
/// places that another client changed or deleted.

#include "actors/cell/row_table.hpp"

namespace millrace {

class place_walk {
 public:
  /// Remembers the keys of the present rows. The next round contains later rows.
  place_walk(const row_table& rows, const figure_fold& figures);

  /// Returns the next places, about `count`, with the content that the cell wrote.
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
