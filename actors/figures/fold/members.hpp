#pragma once

/// How the rows of one figure come to its groups: straight, or through a join.

#include "actors/figures/fold/groups.hpp"

namespace millrace {

class members {
 public:
  virtual ~members() = default;

  /// Adds (sign 1) or takes away (sign -1) a row of the route. A route that
  /// isn't the figure's does nothing.
  virtual void fold(route_id from, const row& x, int sign, bool quiet) = 0;

  /// Returns about how many bytes are kept beside the groups.
  virtual std::size_t memory() const { return 0; }
};

/// A figure of one table. `to` must outlive it, as must `plan`.
std::unique_ptr<members> make_single_members(const figure_plan& plan, groups& to);

/// A figure of a child joined to its parent: rows fold per foreign key first, and
/// that partial moves when the parent comes, changes or goes. Needs the foreign
/// key among the child route's kept columns and the primary key among the
/// parent's; throws std::invalid_argument if they aren't there.
std::unique_ptr<members> make_joined_members(const plan_set& plans, const figure_plan& plan, groups& to);

} // namespace millrace
