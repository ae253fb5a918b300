#pragma once

/// What a node finds the others by: the node registry.

#include "actors/member/assignment.hpp"
#include "nodes/settings/config.hpp"

namespace millrace {

/// The nodes' addresses, in Redis.
node_book book_of_nodes(const settings& how);

} // namespace millrace
