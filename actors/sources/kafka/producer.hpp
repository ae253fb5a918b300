#pragma once

/// Writes records to Kafka and waits for the acknowledgement. For dead letters and replays, not for
/// bulk data.

#include "actors/sources/kafka/consumer.hpp"

namespace millrace::kafka {

struct outgoing {
  std::string topic;
  std::optional<partition_id> partition; ///< nullopt: by the key's hash (murmur2, like Connect)
  std::optional<std::string> key, payload;
  std::vector<std::pair<std::string, std::string>> headers;
};

/// A topic to create: its name, its partitions and its configuration.
struct new_topic {
  std::string name;
  int partitions = 8;
  std::map<std::string, std::string> config;
};

/// An idempotent producer with acks=all.
class producer {
 public:
  static result<producer> connect(const settings& how);
  ~producer();
  producer(producer&&) noexcept;
  producer& operator=(producer&&) noexcept;

  /// Writes the records. Returns when Kafka has acknowledged all of them.
  result<void> send(const std::vector<outgoing>& records, std::chrono::milliseconds timeout);

  /// Creates the topics that don't exist, with the broker's default replication.
  result<void> create(const std::vector<new_topic>& topics, std::chrono::milliseconds timeout);

  /// Returns the names of all topics.
  result<std::vector<std::string>> topics(std::chrono::milliseconds timeout);
  /// Deletes topics, and groups with their offsets. A missing one is no error.
  result<void> remove(const std::vector<std::string>& topics, const std::vector<std::string>& groups,
                      std::chrono::milliseconds timeout);

 private:
  struct impl;
  explicit producer(std::unique_ptr<impl> x);
  std::unique_ptr<impl> impl_;
};

} // namespace millrace::kafka
