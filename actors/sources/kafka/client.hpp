#pragma once

/// What consumer and producer share: librdkafka's configuration, log and error texts. Only sources of
/// this module include it.

#include "actors/sources/kafka/consumer.hpp"

#include <librdkafka/rdkafka.h>

#include <memory>

namespace millrace::kafka {

/// librdkafka's handle. The last owner destroys it. Records own it too, because it owns their memory.
using client = std::shared_ptr<rd_kafka_t>;

struct conf_deleter {
  void operator()(rd_kafka_conf_t* x) const { rd_kafka_conf_destroy(x); }
};
using conf_ptr = std::unique_ptr<rd_kafka_conf_t, conf_deleter>;

struct list_deleter {
  void operator()(rd_kafka_topic_partition_list_t* x) const { rd_kafka_topic_partition_list_destroy(x); }
};
using list_ptr = std::unique_ptr<rd_kafka_topic_partition_list_t, list_deleter>;

/// Returns a configuration with the properties of `ours`, then those of `how.librdkafka`. An error
/// (bad_setting) names a property that librdkafka rejects, without its value.
result<conf_ptr> configure(const settings& how, const std::map<std::string, std::string>& ours);

/// Returns the handle of a consumer or producer. An error says why librdkafka refused.
result<client> open(rd_kafka_type_t kind, conf_ptr conf);

/// Returns an error with the brokers, `what` and the cause. If no broker answered, the cause is what
/// librdkafka logged about the connection. Authentication, authorization and certificates are `denied`;
/// everything else is `unavailable`.
error failure(const rd_kafka_t* kafka, const std::string& what, rd_kafka_resp_err_t why);

/// Returns whether a broker has just refused the client. Waiting is useless then.
bool is_refused(const rd_kafka_t* kafka);

/// Returns "topic/partition".
std::string to_string(const topic_partition& x);

} // namespace millrace::kafka
