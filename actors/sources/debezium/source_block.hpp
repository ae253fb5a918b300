#pragma once

/// The `source` of a Debezium record: its LSN in PostgreSQL's WAL, and its origin.

#include "actors/sources/debezium/debezium_decoder.hpp"

#include <simdjson.h>

#include <string>

namespace millrace {

struct source_block {
  std::string schema, table;
  lsn at; ///< lsn, else the greatest number in sequence
  snapshot_kind snapshot = snapshot_kind::none;
  bool replayed = false;
  std::uint64_t stamp = 0; ///< record hash: FNV-1a of sequence, lsn and txId, the same in every build
  std::int64_t commit_ms = 0;
};

/// Reads the block. Throws undecodable or simdjson_error.
source_block read_source(simdjson::ondemand::object from);

} // namespace millrace
