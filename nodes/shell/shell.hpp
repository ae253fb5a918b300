#pragma once

/// The verb `shell`: asks all nodes of a cluster, and shows what they answer.

#include "nodes/settings/config.hpp"

#include <string>

namespace millrace {

struct shell_options {
  std::string at;      ///< HOST:PORT of a node; empty: the nodes in the registry
  std::string command; ///< run only this; empty: read lines
  bool json = false;
};

/// Runs one command, or reads lines from the terminal until its end. Returns 0: all nodes answered; 1: one
/// didn't, and was named; 2: the command can't be run.
int run_shell(const settings& how, const shell_options& options);

} // namespace millrace
