#pragma once

/// How the rows of one figure reach its groups: directly, or through a join.

#include "actors/figures/fold/groups.hpp"

namespace millrace {

class members {
 public:
  virtual ~members() = default;

  /// Adds (sign 1) or removes (sign -1) a row of the route, with now() at the tick `now`. Does nothing for a
  /// route that the figure doesn't read.
  virtual void fold(route_id from, const row& x, int sign, bool quiet, tick_seconds now) = 0;

  /// Returns the approximate memory used besides the groups, in bytes.
  virtual std::size_t memory() const { return 0; }
};

/// Returns the input of a figure over one table. `plan` and `to` must outlive it.
std::unique_ptr<members> make_single_members(const figure_plan& plan, groups& to);

/// Returns the input of a figure that joins a child to its parent. Child rows fold into a partial per
/// foreign key, and the partial moves when the parent row appears, changes or is deleted. The child
/// route must keep the foreign key and the parent route the primary key; otherwise it throws
/// std::invalid_argument.
std::unique_ptr<members> make_joined_members(const plan_set& plans, const figure_plan& plan, groups& to);

} // namespace millrace
