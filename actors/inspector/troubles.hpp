#pragma once

/// The troubles of a node and of the servers that it watches, worst first. Pure.

#include "messages/reports.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace millrace {

/// Returns the troubles in a report, worst first. A `since` of 0 means unknown.
std::vector<trouble_report> troubles_of(const node_report& x);

/// Returns a figure's state as status shows it: live, stale ...
std::string to_text(figure_state x);

/// Returns a trouble in one line: "3 figures are incomplete, for 2 min: ...".
std::string in_a_line(const trouble_report& x, std::int64_t now);

/// Returns a duration as text: 45 s, 2 min, 3 h, 2 days.
std::string in_words(std::int64_t seconds);

} // namespace millrace
