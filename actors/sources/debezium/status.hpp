#pragma once

/// What Kafka Connect says about a connector and its tasks.

#include "messages/error.hpp"

#include <string>
#include <vector>

namespace millrace::connect {

struct task_status {
  int id = 0;
  std::string state; ///< RUNNING, FAILED, PAUSED, RESTARTING, UNASSIGNED
  std::string trace; ///< a failed one's first line, and its last cause
};

struct connector_status {
  bool exists = false;
  std::string state; ///< as a task's, and STOPPED
  std::string trace;
  std::vector<task_status> tasks;

  /// The connector and all its tasks run, and there is one.
  bool running() const;
  /// The connector or a task has FAILED.
  bool failed() const;
};

/// Reads the body of GET /connectors/NAME/status; an error (corrupt) if it isn't one.
result<connector_status> parse_status(const std::string& body);

/// Returns the status as JSON: state, tasks, trace.
std::string to_json(const connector_status& x);

} // namespace millrace::connect
