#pragma once

/// Gives records to librdkafka. Only sources of this module include it.

#include "actors/sources/kafka/client.hpp"
#include "actors/sources/kafka/producer.hpp"

namespace millrace::kafka {

/// Returns the properties that every producer has: acks=all, and room for the largest record.
std::map<std::string, std::string> producer_properties(const settings& how);

/// Gives one record to librdkafka, which copies it. The delivery report gets `opaque`.
rd_kafka_resp_err_t enqueue(rd_kafka_t* kafka, const outgoing& x, void* opaque);

} // namespace millrace::kafka
