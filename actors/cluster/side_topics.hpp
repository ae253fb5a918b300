#pragma once

/// The small topics beside the change topics, read from their beginning: the
/// anchor (whose snapshot reads tell the LSN of each of Debezium's own
/// snapshots) and Debezium's notifications.

#include "actors/cluster/fill.hpp"
#include "actors/kafka/consumer.hpp"

#include <map>
#include <set>
#include <string>

namespace millrace {

class side_topics {
 public:
  static result<side_topics> open(const kafka::settings& how, const std::string& anchor,
                                  const std::string& notifications);

  /// Reads all that Kafka has now. An error (unavailable) if that takes longer
  /// than `wait`.
  result<void> read(std::chrono::milliseconds wait);

  lsn last_snapshot() const { return last_snapshot_; }
  /// `tables`: each of them must have been read, or it counts as failed; Debezium
  /// leaves out in silence what it doesn't capture yet.
  snapshot_progress snapshot(const std::string& signal_id, const std::vector<std::string>& tables = {}) const;

 private:
  explicit side_topics(kafka::consumer reads) : reads_(std::move(reads)) {}
  void on_anchor(const kafka::record& x);
  void on_notification(const kafka::record& x);

  kafka::consumer reads_;
  std::string anchor_, notifications_;
  std::map<kafka::topic_partition, kafka_offset> next_; ///< what comes next of each partition
  lsn last_snapshot_;
  std::map<std::string, snapshot_progress> snapshots_;
  std::map<std::string, std::set<std::string>> scanned_; ///< tables read to their end, by signal
};

} // namespace millrace
