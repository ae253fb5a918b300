#pragma once

/// The topics that must exist before the connector starts.

#include "actors/figures/plan/plan.hpp"
#include "actors/sources/kafka/producer.hpp"

namespace millrace::connect {

/// Returns a table's change topic: PREFIX.SCHEMA.TABLE. As in Debezium, an underscore replaces every
/// character that Kafka doesn't allow.
std::string change_topic(const std::string& prefix, const postgres::table& of);

/// Returns the anchor's change topic.
std::string anchor_topic(const std::string& prefix, const std::string& own_schema);

/// Returns the change topics of the captured tables and of the anchor, and the project's own topics:
/// PROJECT.notifications, PROJECT.dead-letters (unlimited retention), PROJECT.shards (one partition
/// per shard, always empty). None is compacted: a TRUNCATE's record has no key, and Kafka refuses it
/// in a compacted topic.
std::vector<kafka::new_topic> topics_of(const plan_set& plans, const std::string& prefix,
                                        const std::string& project, std::uint16_t shards,
                                        const std::string& own_schema = "millrace");

/// Returns two tables whose topics have the same name, because their names differ only in characters
/// that Kafka doesn't allow. Returns an empty text if there are none.
std::string topics_that_meet(const plan_set& plans, const std::string& prefix);

} // namespace millrace::connect
