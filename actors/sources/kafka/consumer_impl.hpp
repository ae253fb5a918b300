#pragma once

/// The consumer's librdkafka handle and queue, and the messages of a poll. Only consumer*.cpp include
/// it.

#include "actors/sources/kafka/client.hpp"
#include "actors/sources/kafka/consumer.hpp"

#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

namespace millrace::kafka {

/// The messages of one poll. Their memory is freed with the last record.
struct message_block {
  explicit message_block(client of) : owner(std::move(of)) {}
  message_block(const message_block&) = delete;
  message_block& operator=(const message_block&) = delete;
  ~message_block() {
    for (auto* x : messages)
      rd_kafka_message_destroy(x);
  }
  client owner;
  std::vector<rd_kafka_message_t*> messages;
};

/// Returns librdkafka's list of these partitions with their start offsets.
list_ptr list_of(const std::map<topic_partition, kafka_offset>& from);

/// Returns an error for librdkafka's error object, and frees the object.
error raised(const client& kafka, rd_kafka_error_t* x, const std::string& what);

struct consumer::impl {
  struct queue_deleter {
    void operator()(rd_kafka_queue_t* x) const { rd_kafka_queue_destroy(x); }
  };

  client kafka;
  std::unique_ptr<rd_kafka_queue_t, queue_deleter> queue;
  std::map<topic_partition, kafka_offset> next; ///< the next offset of each assigned partition
  std::set<topic_partition> paused;

  bool try_seek(const topic_partition& of, kafka_offset offset);
  /// Unassigns the partition and assigns it again. Seeking isn't possible in a partition that failed, or
  /// that is still starting.
  result<void> start_again(const topic_partition& of, kafka_offset offset);
  std::shared_ptr<message_block> fetch(std::size_t most, std::chrono::milliseconds timeout);
  /// Groups a block's messages by partition, in order.
  std::vector<record_batch> sorted(const std::shared_ptr<message_block>& block);
  void take(record_batch& batch, rd_kafka_message_t* message, const std::shared_ptr<message_block>& block);
};

} // namespace millrace::kafka
