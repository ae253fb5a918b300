#pragma once

/// Debezium as what captures: markers and heartbeats through its slot, tables read by Millrace itself into
/// the change topics, and the checks of slot, connector and topics.

#include "actors/figures/plan/plan.hpp"
#include "actors/postgres/lasting_session.hpp"
#include "actors/sources/capture.hpp"
#include "actors/sources/debezium/side_topics.hpp"
#include "actors/sources/debezium/slot_reading.hpp"
#include "actors/sources/debezium/table_reader.hpp"
#include "actors/sources/kafka/consumer.hpp"

#include <functional>
#include <memory>

namespace millrace {

struct debezium_capture_settings {
  std::shared_ptr<postgres::lasting_session> session;
  table_reader_settings reader; ///< with the servers
  std::string slot;
  side_topics::names side;
  kafka::topics_by_source sources;
  /// Checks the connector. Empty: the connector isn't watched.
  std::function<connector_report(std::optional<bool> slot_active)> look_at_connector;
  /// Restarts the connector, so that its producer learns of new partitions. Empty: not possible.
  std::function<void()> restart_connector;
  std::function<void(std::string)> lost; ///< called for missing topics: the node starts over
};

class debezium_capture : public capture {
 public:
  explicit debezium_capture(debezium_capture_settings how);

  result<lsn> mark(const std::string& what) override;
  result<bool> captured(lsn marker) override;
  result<postgres::slot_state> slot() override;
  result<lsn> beginning() override;
  void read(lsn from, const std::vector<std::string>& tables) override { reader_.begin(from, tables); }
  read_progress progress() const override { return reader_.look(); }
  result<position_map> ends() override;
  result<position_map> begins() override;
  void look(bool leads, surroundings_report& out) override;

 private:
  const plan_set& plans() const { return *how_.reader.plans; }
  result<kafka::consumer*> consumer();
  /// Returns an error at once while Kafka doesn't answer, so that nobody waits for it but the next look.
  result<void> kafka_answers() const;
  result<side_topics*> side();
  /// Returns the position before the first record of every partition, or of the last record.
  result<position_map> bounds(bool first);
  slot_report look_at_slot();
  void look_at_topics(bool leads);
  void look_at_partitions(const std::map<std::string, int>& topics, bool leads);
  void note_kafka(const std::string& trouble);

  debezium_capture_settings how_;
  std::unique_ptr<kafka::consumer> consumer_;
  std::unique_ptr<side_topics> side_;
  bool side_failed_ = false; ///< `side_` is to be opened again
  table_reader reader_;
  std::string said_; ///< the last complaint about the slot
  connect::slot_reading reading_;
  std::string kafka_trouble_;
  std::optional<std::chrono::steady_clock::time_point> kafka_away_; ///< when Kafka stopped answering
  std::map<std::string, std::int64_t> unknown_;                     ///< number of records by SCHEMA.TABLE
  std::chrono::steady_clock::time_point counted_{};
};

} // namespace millrace
