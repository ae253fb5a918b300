#pragma once

/// How the rows at rest of one plan set become those of the next: what is kept
/// of a row, and which figures go on as they were.
///
///     before  orders -> customer: kept (customer_id, amount)
///     after   orders -> customer: kept (amount, customer_id, status)
///                                       1       0            -       columns

#include "actors/figures/plan/plan.hpp"

namespace millrace {

/// A route of the former set under its number in the present one.
struct route_change {
  route_id to;
  /// By the present's kept columns: where in the former's; nullopt: rows lack it.
  std::vector<std::optional<std::uint16_t>> columns;
  /// By the present's projections: which of the former's it is, unchanged.
  std::vector<std::optional<std::uint16_t>> marks;
};

struct plan_translation {
  std::vector<std::optional<route_change>> routes; ///< by the former's; nullopt: its rows go
  std::vector<std::optional<figure_id>> figures;   ///< by the present's: which former one it is, unchanged

  /// Returns what becomes of a former route, or null.
  const route_change* way_of(route_id former) const {
    return former.value < routes.size() && routes[former.value] ? &*routes[former.value] : nullptr;
  }
};

/// Both sets have the same table numbers (aligned()).
plan_translation translate(const plan_set& from, const plan_set& to);

/// Returns the two translations, one after the other: what is lost in between
/// doesn't come back.
plan_translation then(const plan_translation& first, const plan_translation& second);

/// Tells whether cells keep the route's rows: some figure folds or shows them.
bool is_held(const plan_set& plans, route_id route);

/// Returns the route's projections, in the order of a row's marks.
std::vector<figure_id> projections_of(const plan_set& plans, route_id route);

} // namespace millrace
