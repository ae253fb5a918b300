#pragma once

/// Decides which member owns which partition. Pure, so all members of a group get the same result without
/// messages. A change of the result is a change of protocol: nodes of both versions in one group would
/// disagree permanently.

#include "actors/sources/kafka/consumer.hpp"

#include <map>
#include <set>
#include <string>

namespace millrace::kafka {

struct shared_topic {
  std::set<partition_id> partitions;
  std::set<std::string> readers; ///< names of the members that can own them
};
using shared_topics = std::map<std::string, shared_topic>;

/// Partition -> name of its owner.
using ownership = std::map<topic_partition, std::string>;

/// Returns an owner for every partition of a topic that has readers. Within a topic, the readers'
/// counts differ by at most one. If all topics have the same readers, the total counts do too.
///
/// Each reader prefers a topic's partitions in an order derived from its name, and first preferences are
/// served first. So nearly all partitions keep their owner when a reader joins or leaves. The even
/// counts cost a tenth more moves than necessary. A reader that returns gets its old partitions.
ownership share_out(const shared_topics& topics);

} // namespace millrace::kafka
