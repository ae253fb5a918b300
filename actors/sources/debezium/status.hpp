#pragma once

/// The state of a connector and its tasks, as Kafka Connect reports it.

#include "messages/error.hpp"

#include <string>
#include <vector>

namespace millrace::connect {

struct task_status {
  int id = 0;
  std::string state; ///< RUNNING, FAILED, PAUSED, RESTARTING, UNASSIGNED
  std::string trace; ///< of a FAILED task: its first line and its last cause
};

struct connector_status {
  bool exists = false;
  std::string state; ///< a task's states, and STOPPED
  std::string trace;
  std::vector<task_status> tasks;

  /// Returns whether the connector and all its tasks run, and it has at least one task.
  bool running() const;
  /// Returns whether the connector or a task has FAILED.
  bool failed() const;
};

/// Parses the body of GET /connectors/NAME/status. An error (corrupt) for any other text.
result<connector_status> parse_status(const std::string& body);

/// Returns the status as JSON: state, tasks, trace.
std::string to_json(const connector_status& x);

} // namespace millrace::connect
