#pragma once

/// At which tick Redis shows the figures of an entity that have now(). Each cell has its own tick; together
/// they show one if none of them still has to take a row out or in.

#include "messages/flush.hpp"

#include <optional>
#include <vector>

namespace millrace::verify {

/// The ticks that all cells of an entity show: from `from`, until before `until`.
struct shown_ticks {
  tick_seconds from;
  tick_seconds until; ///< 0: for ever
};

/// Returns the ticks that all of these spans have in common; nullopt if there are none: a cell lags.
std::optional<shown_ticks> common_ticks(const std::vector<tick_span>& cells);

/// Returns whether Redis showed `before.from` from the first reading of the cells to the second one.
bool still_shows(const shown_ticks& before, const std::vector<tick_span>& cells);

} // namespace millrace::verify
