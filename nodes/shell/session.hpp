#pragma once

/// A conversation with the shell: one command, or lines until their end.

#include "nodes/shell/cluster_link.hpp"
#include "nodes/shell/command.hpp"
#include "nodes/shell/listing.hpp"
#include "nodes/shell/shell.hpp"

namespace millrace::shell {

/// Runs the command of the options, or what stdin has. Returns the worst exit code.
int converse(cluster_link& with, const std::string& project, const shell_options& options);

/// Runs a command and returns what it shows.
listing run(cluster_link& with, const command& x);

} // namespace millrace::shell
