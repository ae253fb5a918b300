#pragma once

/// How the shell reaches a cluster. A test has another one than the program.

#include "messages/error.hpp"
#include "nodes/shell/answers.hpp"

#include <functional>

namespace millrace::shell {

/// Every question goes to all known nodes at once. Each node that doesn't answer in time is named, with the
/// reason.
class cluster_link {
 public:
  virtual ~cluster_link() = default;

  /// Asks for the nodes' reports. Also finds the nodes that these know: ask this first.
  virtual reports ask_reports() = 0;

  /// Asks for a table's row. `key`: the parts of its primary key, as PostgreSQL prints them.
  virtual answers<row_report> ask_row(const std::string& table, const std::vector<std::string>& key) = 0;

  /// Asks for the subjects of the alerts. Each node knows all of them. `node`: only this one; empty: all.
  virtual answers<std::vector<alert_report>> ask_alerts(const std::string& node) = 0;

  /// Sets the level from which on nodes log, if one is given. Returns the present levels. `node`: only this
  /// one; empty: all.
  virtual answers<std::string> set_log_level(const std::string& node, const std::string& level) = 0;
};

} // namespace millrace::shell
