#pragma once

/// Records of one table -> changes by cell, and the records that can't be decoded. Plain C++,
/// without actors and a connection to Kafka.

#include "actors/sources/change_source.hpp"
#include "actors/sources/debezium/debezium_decoder.hpp"
#include "actors/sources/kafka/last_record.hpp"
#include "actors/sources/routing.hpp"

namespace millrace {

class table_intake {
 public:
  /// `birth`: the end of the WAL when the ledger was created, after which every table was read; 0: the tables
  /// weren't read.
  table_intake(const plan_set& plans, table_id table, std::uint16_t shards, const connector_modes& modes = {},
               lsn birth = {});

  /// Decodes and routes a batch. `first_fill`: no cell has a row yet, so snapshot rows are routed
  /// without `not_yours` to other cells, as long as all are of one snapshot. Keeps `at` up to date.
  /// The record that `at` suspects is a bad one. A record that can't be decoded and is older than the ledger
  /// isn't: the ledger's read of the table has what it said.
  taken take(const kafka::record_batch& batch, bool first_fill, kafka::last_record& at);

  std::vector<cell_id> cells() const { return routing_.cells(); }

 private:
  void take_one(const kafka::record& x, bool first_fill, taken& out);
  bool is_before_birth(const kafka::record& x) const;
  bool first_snapshot(const table_change& x, bool first_fill);

  bad_record bad(const kafka::record& x, std::string why) const;

  table_id table_;
  debezium_decoder decoder_;
  routing routing_;
  lsn birth_;
  std::optional<lsn> fill_; ///< LSN of the first snapshot seen
};

} // namespace millrace
