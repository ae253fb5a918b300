#pragma once

/// Conditions over one row, three-valued as in SQL.

#include "actors/figures/plan/plan.hpp"

#include <compare>

namespace millrace {

/// In this order AND is the least, OR the greatest.
enum class truth : std::uint8_t { no, unknown, yes };

/// Returns a by b by value: numbers whatever their scales, NaN last and equal to
/// itself, a date as its midnight beside a timestamp, text by its bytes. Neither
/// is NULL; both are of types that PostgreSQL compares.
std::strong_ordering compare_values(const value& a, const column_use& as, const value& b,
                                    const column_use& bs);

/// Returns whether "a cmp b" if a is to b as `order` says.
bool satisfies(std::strong_ordering order, comparison cmp);

/// Columns are read from `of` by their index, whatever side they name.
truth evaluate(const predicate& condition, const row& of);

/// Returns whether all conditions are true: as WHERE and FILTER take them.
bool all_hold(const std::vector<predicate>& conditions, const row& of);

/// Returns the one side whose columns the condition reads.
side side_of(const predicate& condition);

} // namespace millrace
