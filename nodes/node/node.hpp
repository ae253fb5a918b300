#pragma once

/// Runs a node: the checks before records flow, its actors, and the exit if one of them can't continue.

#include "nodes/settings/config.hpp"

namespace millrace {

/// Runs until SIGTERM or SIGINT. Returns the process's exit code:
/// - 0: stopped;
/// - 2: a setting or a figure must be fixed (reported on stderr);
/// - 75: an actor can't continue (fenced, topics deleted ...). Restart the node at once.
int run_node(const settings& how);

} // namespace millrace
