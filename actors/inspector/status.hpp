#pragma once

/// The state of each figure and what is wrong, from what a node's parts tell. Pure.

#include "messages/reports.hpp"

#include <chrono>
#include <map>
#include <string>
#include <vector>

namespace millrace {

/// When each trouble began, by its id, Unix time in seconds.
using beginnings = std::map<std::string, std::int64_t>;

/// What doesn't change while a node runs.
struct status_frame {
  std::string project;
  std::vector<std::string> figures;                          ///< names, in order
  std::map<std::string, std::vector<std::string>> tables_of; ///< figure -> tables "schema.table"
  std::chrono::seconds stale_after{30};                      ///< that a source stands still
};

/// Fills in figures and troubles of a report whose other parts are there. A figure's state is the first
/// of these that is true: failed, filling, incomplete, stale, live. `since`: of what was wrong at the last
/// look; `idle`: for how long no record has come.
void judge(node_report& x, const status_frame& frame, const beginnings& since, std::chrono::seconds idle);

/// Returns when everything that the report shows as wrong began.
beginnings beginnings_of(const node_report& x);

} // namespace millrace
