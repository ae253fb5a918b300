#pragma once

/// Debezium's change topics in Kafka. A source is a partition of a table's topic, and a position is an
/// offset.

#include "actors/sources/change_source.hpp"
#include "actors/sources/debezium/intake.hpp"
#include "actors/sources/kafka/consumer.hpp"

#include <chrono>
#include <memory>

namespace millrace {

struct change_topics_settings {
  kafka::settings kafka;
  kafka::topics_by_source sources; ///< all partitions of the project
  const plan_set* plans = nullptr; ///< must outlive the source
  std::uint16_t shards = 32;
  connector_modes modes;      ///< of the connector, for records without a schema
  bool first_fill = false;    ///< no cell has a row yet
  lsn birth;                  ///< as table_intake's
  std::size_t at_once = 2000; ///< records per partition and poll
  std::chrono::milliseconds wait{5};
  std::shared_ptr<kafka::last_record> reading =
      std::make_shared<kafka::last_record>(); ///< file with the record being processed
  std::function<std::int64_t()> now_ms;       ///< wall clock, Unix time, ms
};

class change_topics : public change_source {
 public:
  /// Doesn't connect. An error (bad_setting) names a property that librdkafka rejects.
  static result<std::unique_ptr<change_topics>> open(change_topics_settings how);

  std::vector<cell_id> cells(source_id source) const override;
  result<void> assign(const position_map& more, const std::vector<source_id>& gone) override;
  result<void> poll(const taker& take) override;
  result<void> seek(source_id source, stream_position after) override;
  void pause(source_id source) override;
  void resume(source_id source) override;
  void settle(const position_map& durable) override;
  result<position_map> ends() override;
  result<log_state> compare(const std::map<source_id, ledger_extent>& ledger) override;
  std::string name_of(source_id source) const override;
  std::string name_of(source_id source, stream_position at) const override;
  std::string distance(stream_position from, stream_position to) const override;
  partition_report report(source_id source, stream_position read, stream_position durable) const override;

 private:
  change_topics(change_topics_settings how, kafka::consumer reads);
  result<kafka_offset> first_to_read(source_id source, stream_position after);

  change_topics_settings how_;
  kafka::consumer reads_;
  std::map<kafka::topic_partition, source_id> source_of_;
  std::map<table_id, table_intake> intakes_;
  std::set<source_id> assigned_;
};

} // namespace millrace
