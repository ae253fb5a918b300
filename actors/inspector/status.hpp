#pragma once

/// Derives each figure's state and the troubles from the reports of a node's actors. Pure.

#include "messages/reports.hpp"

#include <chrono>
#include <map>
#include <string>
#include <vector>

namespace millrace {

/// The start of each trouble by its ID, Unix time, s.
using beginnings = std::map<std::string, std::int64_t>;

/// What doesn't change while a node runs.
struct status_frame {
  std::string project;
  std::vector<std::string> figures;                          ///< in their order
  std::map<std::string, std::vector<std::string>> tables_of; ///< figure -> tables, as SCHEMA.TABLE
  std::vector<std::uint16_t> route_of; ///< of each figure, as an index: the rows that it shows or aggregates
  std::uint16_t shards = 0;
  std::chrono::seconds stale_after{30}; ///< how long a source may stand still
};

/// Adds figures and troubles to a report that has everything else. A figure's state is the first
/// that applies of failed, filling, incomplete, stale, live. `since`: start of each trouble in the
/// last report. `idle`: time since the last record.
void judge(node_report& x, const status_frame& frame, const beginnings& since, std::chrono::seconds idle);

/// Returns the start of every trouble, and of every state that isn't live, in the report.
beginnings beginnings_of(const node_report& x);

} // namespace millrace
