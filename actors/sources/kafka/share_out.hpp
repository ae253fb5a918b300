#pragma once

/// Who owns which partition. Pure, so that all members of a group come to the
/// same without a word between them. A change of what it returns is a change of
/// protocol: nodes of both kinds in one group would disagree for good.

#include "actors/sources/kafka/consumer.hpp"

#include <map>
#include <set>
#include <string>

namespace millrace::kafka {

struct shared_topic {
  std::set<partition_id> partitions;
  std::set<std::string> readers; ///< names of the members that may own them
};
using shared_topics = std::map<std::string, shared_topic>;

/// Partition -> name of its owner.
using ownership = std::map<topic_partition, std::string>;

/// Returns an owner for every partition of a topic that has readers. Numbers
/// differ by at most one within a topic; over all topics too, where all have
/// the same readers.
///
/// Each reader has a list of wishes, a topic's partitions in an order that is
/// drawn by its name; first wishes are served first. So a reader that comes or
/// goes leaves nearly all others where they are (the even numbers cost a tenth
/// more moves than there have to be), and one that comes back gets what it had.
ownership share_out(const shared_topics& topics);

} // namespace millrace::kafka
