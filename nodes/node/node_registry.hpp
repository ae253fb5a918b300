#pragma once

/// The node registry, by which a node finds the others.

#include "actors/member/assignment.hpp"
#include "nodes/settings/config.hpp"

namespace millrace {

/// Returns the registry of the nodes' addresses in Redis.
node_book book_of_nodes(const settings& how);

} // namespace millrace
