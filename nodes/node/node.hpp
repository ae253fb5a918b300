#pragma once

/// A node from start to stop: what has to be right before records flow, its
/// actors, and starting over when one of them has lost its footing.

#include "nodes/settings/config.hpp"

namespace millrace {

/// Runs until SIGTERM or SIGINT. The process's exit code: 0 stopped, 2 a setting or
/// a figure that a person has to mend (said on stderr), 75 it lost its footing
/// (fenced, topics gone ...) and wants to be started again, at once.
int run_node(const settings& how);

} // namespace millrace
