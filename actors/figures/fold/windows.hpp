#pragma once

/// Conditions with now(). Each changes once in a row's life: it becomes true at the tick at which the row
/// enters, or false at the tick at which the row leaves. That tick is the row's turn.

#include "actors/figures/plan/plan.hpp"

#include <limits>
#include <optional>
#include <vector>

namespace millrace {

/// The turn of a row that never enters or never leaves.
constexpr tick_seconds never{std::numeric_limits<std::int64_t>::max()};

/// Returns the first tick at which the condition differs from before. Returns nullopt if the column is NULL:
/// such a row never counts.
std::optional<tick_seconds> turn_of(const predicate& window, const row& of);

/// Returns whether the row is in the window until its turn, not from its turn on.
bool is_left_at_turn(const predicate& window);

/// Returns the figure's window conditions over one side, those of FILTER included.
std::vector<predicate> windows_of(const figure_plan& figure, side from);

/// Returns the row's first turn after `now`; nullopt if there is none.
std::optional<tick_seconds> first_turn(const std::vector<predicate>& windows, const row& of,
                                       tick_seconds now);

/// Returns whether the row has a turn after `from`, up to and including `to`.
bool turns_between(const std::vector<predicate>& windows, const row& of, tick_seconds from, tick_seconds to);

} // namespace millrace
