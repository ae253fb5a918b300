#pragma once

/// What consumer and producer share: librdkafka's configuration, its log, and
/// its errors in words. Included by this room's sources only.

#include "actors/sources/kafka/consumer.hpp"

#include <librdkafka/rdkafka.h>

#include <memory>

namespace millrace::kafka {

/// librdkafka's handle, destroyed with its last owner. Records keep it alive,
/// since their memory belongs to it.
using client = std::shared_ptr<rd_kafka_t>;

struct conf_deleter {
  void operator()(rd_kafka_conf_t* x) const { rd_kafka_conf_destroy(x); }
};
using conf_ptr = std::unique_ptr<rd_kafka_conf_t, conf_deleter>;

struct list_deleter {
  void operator()(rd_kafka_topic_partition_list_t* x) const { rd_kafka_topic_partition_list_destroy(x); }
};
using list_ptr = std::unique_ptr<rd_kafka_topic_partition_list_t, list_deleter>;

/// Returns a configuration with `ours` and then `how.librdkafka` set; an error
/// (bad_setting) names a property that librdkafka refuses, without its value.
result<conf_ptr> configure(const settings& how, const std::map<std::string, std::string>& ours);

/// Returns the handle of a consumer or producer, or why librdkafka refused.
result<client> open(rd_kafka_type_t kind, conf_ptr conf);

/// Returns the brokers, `what`, and why: where no answer came, what the log said
/// of the connection. Authentication, authorization and certificates are
/// `denied`, everything else is `unavailable`.
error failure(const rd_kafka_t* kafka, const std::string& what, rd_kafka_resp_err_t why);

/// Tells whether a broker has refused us just now: then waiting is in vain.
bool is_refused(const rd_kafka_t* kafka);

/// Returns "topic/partition".
std::string to_string(const topic_partition& x);

} // namespace millrace::kafka
