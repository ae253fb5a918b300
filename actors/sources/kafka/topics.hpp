#pragma once

/// Creates topics by Kafka's admin interface. Included by this room's sources only.

#include "actors/sources/kafka/client.hpp"
#include "actors/sources/kafka/producer.hpp"

namespace millrace::kafka {

/// Creates those topics that don't exist and waits until Kafka knows them. One
/// that exists stays as it is.
result<void> create_topics(rd_kafka_t* kafka, const std::vector<new_topic>& topics,
                           std::chrono::milliseconds timeout);

/// Returns the names of all topics.
result<std::vector<std::string>> list_topics(rd_kafka_t* kafka, std::chrono::milliseconds timeout);

/// Deletes topics; one that isn't there is fine.
result<void> delete_topics(rd_kafka_t* kafka, const std::vector<std::string>& names,
                           std::chrono::milliseconds timeout);

/// Deletes a group and its offsets; one that isn't there is fine.
result<void> delete_group(rd_kafka_t* kafka, const std::string& name, std::chrono::milliseconds timeout);

} // namespace millrace::kafka
