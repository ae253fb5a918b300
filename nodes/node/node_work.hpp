#pragma once

/// This node's share of the work, and how it is decided.

#include "actors/member/assignment.hpp"
#include "nodes/settings/source_parts.hpp"

namespace millrace {

struct node_work {
  assignment_source source;
};

/// Returns the assignment of a single node: all partitions and shards.
result<node_work> work_alone(const settings& how, const project_sources& sources);

/// Returns the assignment by Kafka's consumer groups: NAME.sources for the change topics, NAME.shards for
/// the shards.
result<node_work> work_by_groups(const settings& how, const project_sources& sources);

} // namespace millrace
