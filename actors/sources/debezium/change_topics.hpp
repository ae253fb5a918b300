#pragma once

/// Debezium's change topics in Kafka. A source is a partition of a table's topic, and a position is an
/// offset.
///
/// A record is PostgreSQL's only if the WAL has reached its LSN. How far the WAL is was mostly asked since
/// the record was written, because Debezium takes its time. Where it wasn't, the batch is held, and what the
/// partition brings after it, until there is an answer. So while PostgreSQL is away, records wait that are
/// newer than the last answer.

#include "actors/postgres/wal_watch.hpp"
#include "actors/sources/change_source.hpp"
#include "actors/sources/debezium/intake.hpp"
#include "actors/sources/kafka/consumer.hpp"

#include <chrono>
#include <deque>
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
  std::shared_ptr<postgres::wal_watch> wal;   ///< null: records aren't compared with the WAL
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
  /// A batch that may have a record beyond the WAL.
  struct held_batch {
    kafka::record_batch records;
    taken found;
    lsn newest;
    std::uint64_t question = 0; ///< asked after the batch was read
  };

  change_topics(change_topics_settings how, kafka::consumer reads);
  bool let_go(const taker& take);
  bool let_go(source_id source, const taker& take);
  bool pass(source_id source, kafka::record_batch batch, const taker& take);
  void hold(source_id source, held_batch x);
  void forget(source_id source);
  void keep_fresh();
  result<kafka_offset> first_to_read(source_id source, stream_position after);

  change_topics_settings how_;
  kafka::consumer reads_;
  std::map<kafka::topic_partition, source_id> source_of_;
  std::map<table_id, table_intake> intakes_;
  std::set<source_id> assigned_, paused_; ///< paused_: by the router
  std::map<source_id, std::deque<held_batch>> held_;
  std::size_t held_bytes_ = 0;
  std::int64_t asked_ms_ = 0; ///< when the WAL's end was asked for last
};

} // namespace millrace
