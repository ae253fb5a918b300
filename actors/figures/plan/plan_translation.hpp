#pragma once

/// How the stored rows of one plan set become those of the next: which columns are kept, and which
/// figures continue unchanged.
///
///     before  orders -> customer: kept (customer_id, amount)
///     after   orders -> customer: kept (amount, customer_id, status)
///                                       1       0            -       columns

#include "actors/figures/plan/plan.hpp"

namespace millrace {

/// A route of the former set, with its number in the present set.
struct route_change {
  route_id to;
  /// For each kept column of the present set: its index in the former set, or nullopt if rows lack it.
  std::vector<std::optional<std::uint16_t>> columns;
  /// For each projection of the present set: its index in the former set if unchanged, or nullopt.
  std::vector<std::optional<std::uint16_t>> marks;
};

struct plan_translation {
  std::vector<std::optional<route_change>> routes; ///< by the former's number; nullopt: its rows are deleted
  std::vector<std::optional<figure_id>>
      figures; ///< by the present's number: the unchanged former figure, or nullopt

  /// Returns the present route of a former one, or null if its rows are deleted.
  const route_change* way_of(route_id former) const {
    return former.value < routes.size() && routes[former.value] ? &*routes[former.value] : nullptr;
  }
};

/// Compares two sets, which must have the same table numbers (aligned()).
plan_translation translate(const plan_set& from, const plan_set& to);

/// Returns `first` followed by `second`. What the middle set lacks stays lost.
plan_translation then(const plan_translation& first, const plan_translation& second);

/// Returns whether cells store the route's rows: a figure folds or shows them.
bool is_held(const plan_set& plans, route_id route);

/// Returns the route's projections, in the order of a row's marks.
std::vector<figure_id> projections_of(const plan_set& plans, route_id route);

} // namespace millrace
