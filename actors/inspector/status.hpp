#pragma once

/// A node's status, put together from what its actors say of themselves. Pure.

#include <map>
#include <string>
#include <vector>

namespace millrace {

/// JSON texts of the parts.
struct status_parts {
  std::string project;
  std::string router, writer, cluster, member;
  std::vector<std::string> cells;
  std::vector<std::string> figures;                          ///< names, in order
  std::map<std::string, std::vector<std::string>> tables_of; ///< figure -> tables "schema.table"
  std::int64_t events_per_second = 0;
};

/// Returns the whole as JSON text. A figure is, in this order: failed (Redis
/// refused a write), filling, incomplete (a table of its has open dead letters, or its rows
/// may have changed without records), live. `unknown_tables` tells the records that are skipped, by table.
std::string put_together(const status_parts& parts);

} // namespace millrace
