#pragma once

/// The topics that must exist before the connector starts.

#include "actors/figures/plan/plan.hpp"
#include "actors/sources/kafka/producer.hpp"

namespace millrace::connect {

/// Returns the topic of a table's changes: PREFIX.SCHEMA.TABLE, where every
/// character that Kafka doesn't take is an underscore, as Debezium has it.
std::string change_topic(const std::string& prefix, const postgres::table& of);

/// Returns the topic of the anchor's changes.
std::string anchor_topic(const std::string& prefix, const std::string& own_schema);

/// Returns the change topics of the captured tables and of the anchor, and the
/// project's own: PROJECT.notifications, PROJECT.dead-letters (kept for ever),
/// PROJECT.shards (a partition a shard, always empty). None is compacted: a
/// TRUNCATE's record has no key, and a compacted topic refuses it.
std::vector<kafka::new_topic> topics_of(const plan_set& plans, const std::string& prefix,
                                        const std::string& project, std::uint16_t shards,
                                        const std::string& own_schema = "millrace");

/// Returns the two topics' names that meet where two tables' names differ only
/// in what Kafka doesn't take; empty if all is well.
std::string topics_that_meet(const plan_set& plans, const std::string& prefix);

} // namespace millrace::connect
