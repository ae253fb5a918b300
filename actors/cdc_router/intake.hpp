#pragma once

/// Records of one table -> changes by cell, and letters for what can't be
/// decoded. Neither Kafka's connection nor an actor: batches in, values out.

#include "actors/cdc_router/last_record.hpp"
#include "actors/cdc_router/routing.hpp"
#include "actors/sources/debezium/debezium_decoder.hpp"
#include "actors/sources/kafka/consumer.hpp"

namespace millrace {

/// A record that can't be decoded, and why.
struct bad_record {
  kafka_offset offset;
  std::optional<std::string> key, payload;
  std::string why;
};

/// What a batch of records comes to.
struct taken {
  changes_by_cell changes;
  kafka_offset last; ///< the source is complete up to there
  stamp seen;        ///< of the newest record
  std::vector<bad_record> bad;
  std::int64_t records = 0;
  std::int64_t newest_commit_ms = 0; ///< 0 = no record has one
};

class table_intake {
 public:
  table_intake(const plan_set& plans, table_id table, std::uint16_t shards,
               const connector_modes& modes = {});

  /// `first_fill`: no cell holds a row yet. Snapshot reads are then taken as
  /// first ones, as long as all of them are of one snapshot. `at` is kept; the record that it
  /// suspects is a bad one.
  taken take(const kafka::record_batch& batch, bool first_fill, last_record& at);

  std::vector<cell_id> cells() const { return routing_.cells(); }

 private:
  void take_one(const kafka::record& x, bool first_fill, taken& out);
  bool first_snapshot(const table_change& x, bool first_fill);

  debezium_decoder decoder_;
  routing routing_;
  std::optional<lsn> fill_; ///< the LSN of the first snapshot seen
};

} // namespace millrace
