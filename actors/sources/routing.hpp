#pragma once

/// Decides from the plans and the entity's key which cells a change concerns. A row whose key
/// changes is removed from one cell and added to another.

#include "actors/figures/plan/plan.hpp"
#include "actors/sources/table_change.hpp"
#include "messages/shard_of.hpp"

#include <map>

namespace millrace {

class routing {
 public:
  routing(const plan_set& plans, table_id table, std::uint16_t shards);

  /// Adds a record's change for every cell that it concerns. `first_fill`: no cell can have the row
  /// of a snapshot read by mistake, so other cells get no `not_yours`.
  void add(const table_change& x, stream_position at, bool first_fill, changes_by_cell& out) const;

  /// Returns every cell that records of this table can concern.
  std::vector<cell_id> cells() const;

 private:
  struct way {
    route_id id;
    const route* by;
  };
  void add_own(const way& w, const table_change& x, change_view note, changes_by_cell& out) const;
  void add_foreign(const way& w, const table_change& x, change_view note, bool first_fill,
                   changes_by_cell& out) const;
  void add_everywhere(const way& w, change_view note, changes_by_cell& out) const;

  std::vector<way> ways_;
  std::uint16_t shards_;
};

} // namespace millrace
