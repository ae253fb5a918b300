#pragma once

/// The small topics beside the change topics: the anchor (whose snapshot reads tell the
/// LSN of each of Debezium's own snapshots), Debezium's notifications, and its messages
/// (the newest heartbeat tells which tables the Debezium that runs captures).

#include "actors/sources/kafka/consumer.hpp"
#include "messages/error.hpp"
#include "messages/units.hpp"

#include <map>
#include <set>
#include <string>

namespace millrace {

/// How an incremental snapshot goes, as its notifications tell.
enum class snapshot_progress : std::uint8_t { unknown, running, completed, failed };

/// What a heartbeat of the connector's said, and where in the log it stands.
struct heartbeat {
  lsn at;
  std::string mark; ///< connect::capture_mark()
};

class side_topics {
 public:
  struct names {
    std::string anchor, notifications, messages;
  };

  /// An error (unavailable) names a topic that is missing; the messages' one may be,
  /// as Debezium makes it with its first heartbeat.
  static result<side_topics> open(const kafka::settings& how, const names& topics);

  /// Reads all that Kafka has now. An error (unavailable) if that takes longer
  /// than `wait`.
  result<void> read(std::chrono::milliseconds wait);

  lsn last_anchor() const { return last_anchor_; }
  /// Tells whether there was a topic of messages when these were opened.
  bool has_messages() const { return has_messages_; }
  const heartbeat& last_heartbeat() const { return last_heartbeat_; }
  /// `tables`: each of them must have been read, or it counts as failed; Debezium
  /// leaves out in silence what it doesn't capture yet.
  snapshot_progress snapshot(const std::string& signal_id, const std::vector<std::string>& tables = {}) const;

 private:
  side_topics(kafka::consumer reads, names topics) : reads_(std::move(reads)), topics_(std::move(topics)) {}
  void on_anchor(const kafka::record& x);
  void on_notification(const kafka::record& x);
  void on_message(const kafka::record& x);

  kafka::consumer reads_;
  names topics_;
  std::map<kafka::topic_partition, kafka_offset> next_; ///< what comes next of each partition
  bool has_messages_ = false;
  lsn last_anchor_;
  heartbeat last_heartbeat_;
  std::map<std::string, snapshot_progress> snapshots_;
  std::map<std::string, std::set<std::string>> scanned_; ///< tables read to their end, by signal
};

} // namespace millrace
