#pragma once

/// Conditions over one row, in SQL's three-valued logic.

#include "actors/figures/plan/plan.hpp"

#include <compare>

namespace millrace {

/// Ordered so that AND is the minimum and OR is the maximum.
enum class truth : std::uint8_t { no, unknown, yes };

/// Compares a with b by value. Numbers compare across scales, and NaN is the greatest and equals itself.
/// A date compares with a timestamp as its midnight, and text compares by its bytes. Neither value is
/// NULL, and PostgreSQL can compare both types.
std::strong_ordering compare_values(const value& a, const column_use& as, const value& b,
                                    const column_use& bs);

/// Returns whether "a cmp b" holds if a compares with b as `order`.
bool satisfies(std::strong_ordering order, comparison cmp);

/// Evaluates a condition, with now() at the tick `now`. Reads columns from `of` by their index, whatever side
/// they name.
truth evaluate(const predicate& condition, const row& of, tick_seconds now);

/// Returns whether every condition is true, as WHERE and FILTER require.
bool all_hold(const std::vector<predicate>& conditions, const row& of, tick_seconds now);

/// Returns the one side whose columns the condition reads.
side side_of(const predicate& condition);

} // namespace millrace
