#pragma once

/// A node's status, put together from what its actors say of themselves. Pure.

#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace millrace {

/// When each trouble began, by its id, in unix seconds.
using beginnings = std::map<std::string, std::int64_t>;

/// JSON texts of the parts.
struct status_parts {
  std::string project;
  std::string router, writer, fill, member;
  std::vector<std::string> silent; ///< of these: they didn't answer, and this is what they said last
  std::vector<std::string> cells;
  std::vector<std::string> figures;                          ///< names, in order
  std::map<std::string, std::vector<std::string>> tables_of; ///< figure -> tables "schema.table"
  std::int64_t events_per_second = 0;
  std::int64_t now = 0;                 ///< unix seconds
  beginnings since;                     ///< of what was wrong at the last look
  std::chrono::seconds idle{0};         ///< no record has come for so long
  std::chrono::seconds stale_after{30}; ///< that a source stands still
};

/// Returns the whole as JSON text. A figure is, in this order: failed (Redis
/// refused a write), filling, incomplete (a table of its has open dead letters, or its
/// rows may have changed without records), stale (its source stands still), live.
/// `unknown_tables` tells the records that are skipped, by table; `troubles` what is
/// wrong, the worst first, with the id and the time at which each began.
std::string put_together(const status_parts& parts);

/// Returns when everything that `status` shows as wrong began.
beginnings beginnings_of(const std::string& status);

} // namespace millrace
