#pragma once

/// Follows the dead-letter topic.

#include "actors/sources/kafka/dead_letters.hpp"

namespace millrace::kafka {

class letter_reader {
 public:
  explicit letter_reader(std::string topic) : topic_(std::move(topic)) {}

  /// Reads what the topic has got since the last call. Begins again if the topic is another one. Error
  /// (unavailable): it takes longer than the timeout; the next call goes on from there.
  result<void> follow(consumer& from, std::chrono::milliseconds timeout);

  const letter_book& book() const { return book_; }
  /// Returns how far the partitions were read.
  const std::map<topic_partition, kafka_offset>& read() const { return next_; }

 private:
  result<std::map<topic_partition, kafka_offset>> look_for_more(consumer& from,
                                                                std::chrono::milliseconds timeout);

  std::string topic_;
  letter_book book_;
  std::map<topic_partition, kafka_offset> next_;
};

} // namespace millrace::kafka
