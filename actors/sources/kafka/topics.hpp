#pragma once

/// Creates, lists and deletes topics through Kafka's admin interface. Only sources of this module
/// include it.

#include "actors/sources/kafka/client.hpp"
#include "actors/sources/kafka/producer.hpp"

namespace millrace::kafka {

/// Creates the topics that don't exist, and waits until Kafka reports them. Doesn't change existing
/// topics.
result<void> create_topics(rd_kafka_t* kafka, const std::vector<new_topic>& topics,
                           std::chrono::milliseconds timeout);

/// Returns the names of all topics.
result<std::vector<std::string>> list_topics(rd_kafka_t* kafka, std::chrono::milliseconds timeout);

/// Deletes topics. A missing topic is no error.
result<void> delete_topics(rd_kafka_t* kafka, const std::vector<std::string>& names,
                           std::chrono::milliseconds timeout);

/// Deletes a group and its offsets. A missing group is no error.
result<void> delete_group(rd_kafka_t* kafka, const std::string& name, std::chrono::milliseconds timeout);

} // namespace millrace::kafka
