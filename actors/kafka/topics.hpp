#pragma once

/// Creates topics by Kafka's admin interface. Included by this room's sources only.

#include "actors/kafka/client.hpp"
#include "actors/kafka/producer.hpp"

namespace millrace::kafka {

/// Creates those topics that don't exist and waits until Kafka knows them. One
/// that exists stays as it is.
result<void> create_topics(rd_kafka_t* kafka, const std::vector<new_topic>& topics,
                           std::chrono::milliseconds timeout);

} // namespace millrace::kafka
