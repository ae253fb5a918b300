#pragma once

/// The clock within a figure's text.

#include "messages/units.hpp"

#include <string>

namespace millrace {

/// Returns the SQL with each now() replaced by this tick. The SQL is of a figure, where only the clock is
/// called so.
std::string with_clock(const std::string& sql, tick_seconds now);

} // namespace millrace
