#pragma once

/// What of the work is this node's, as its settings have it decided.

#include "actors/member/assignment.hpp"
#include "nodes/settings/config.hpp"

#include <map>

namespace millrace {

struct node_work {
  assignment_source source;
};

/// All of it.
result<node_work> work_alone(const settings& how, const std::map<source_id, kafka::topic_partition>& sources);

/// What Kafka's groups give it: NAME.sources for the change topics, NAME.shards
/// for the shards.
result<node_work> work_by_groups(const settings& how,
                                 const std::map<source_id, kafka::topic_partition>& sources);

} // namespace millrace
