#pragma once

/// Reads the small topics besides the change topics: the anchor's, Debezium's notifications and
/// Debezium's messages. The anchor's snapshot reads give the LSN of each of Debezium's snapshots. The
/// newest heartbeat says which tables the running Debezium captures.

#include "actors/sources/kafka/consumer.hpp"
#include "messages/error.hpp"
#include "messages/units.hpp"

#include <map>
#include <set>
#include <string>

namespace millrace {

/// The progress of an incremental snapshot, from its notifications.
enum class snapshot_progress : std::uint8_t { unknown, running, completed, failed };

/// A heartbeat of the connector, and its LSN.
struct heartbeat {
  lsn at;
  std::string mark; ///< connect::capture_mark()
};

class side_topics {
 public:
  struct names {
    std::string anchor, notifications, messages;
  };

  /// Opens the topics. An error (unavailable) names a missing topic. The messages topic can be missing,
  /// because Debezium creates it with its first heartbeat.
  static result<side_topics> open(const kafka::settings& how, const names& topics);

  /// Reads every record that Kafka has now. An error (unavailable) if that takes longer than `wait`.
  result<void> read(std::chrono::milliseconds wait);

  lsn last_anchor() const { return last_anchor_; }
  /// Returns whether the messages topic existed when the topics were opened.
  bool has_messages() const { return has_messages_; }
  const heartbeat& last_heartbeat() const { return last_heartbeat_; }
  /// Returns a snapshot's progress. It counts as failed if Debezium completes it without reading all
  /// of `tables`: Debezium silently skips tables that it doesn't capture yet.
  snapshot_progress snapshot(const std::string& signal_id, const std::vector<std::string>& tables = {}) const;

 private:
  side_topics(kafka::consumer reads, names topics) : reads_(std::move(reads)), topics_(std::move(topics)) {}
  void take(const std::string& topic, const kafka::record& x);
  void on_anchor(const kafka::record& x);
  void on_notification(const kafka::record& x);
  void on_message(const kafka::record& x);

  kafka::consumer reads_;
  names topics_;
  std::map<kafka::topic_partition, kafka_offset> next_; ///< the next offset of each partition
  bool has_messages_ = false;
  lsn last_anchor_;
  heartbeat last_heartbeat_;
  std::map<std::string, snapshot_progress> snapshots_;
  std::map<std::string, std::set<std::string>> scanned_; ///< completely read tables, by signal
};

} // namespace millrace
