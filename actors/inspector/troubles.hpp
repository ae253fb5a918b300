#pragma once

/// What is wrong with a node and with what it watches, the worst first. Pure.

#include "messages/reports.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace millrace {

/// Returns what is wrong, the worst first, from a report's parts and figures. A `since` of 0: it isn't
/// known by itself.
std::vector<trouble_report> troubles_of(const node_report& x);

/// Returns a figure's state as status shows it: live, stale ...
std::string to_text(figure_state x);

/// Returns a trouble in a line: "3 figures are incomplete, for 2 min: ...".
std::string in_a_line(const trouble_report& x, std::int64_t now);

/// Returns a duration as people say it: 45 s, 2 min, 3 h, 2 days.
std::string in_words(std::int64_t seconds);

} // namespace millrace
