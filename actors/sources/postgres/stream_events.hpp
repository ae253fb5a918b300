#pragma once

/// What PostgreSQL's stream yields, in the order of the stream.

#include "actors/sources/postgres/wal_position.hpp"
#include "messages/values.hpp"

#include <optional>
#include <string>
#include <variant>

namespace millrace::postgres {

/// A row of a table that changed, or the table's TRUNCATE. Rows have the columns of `table_plan::table`;
/// unused columns are NULL. It has the meaning of Debezium's record: an UPDATE of the primary key is the old
/// row's `d`, then the new row's `c`.
struct row_change {
  char op = 'u'; ///< c u d t
  table_id table;
  wal_position at;
  std::int64_t commit_ms = 0; ///< Unix time of the commit
  /// Of an update or delete: the primary key and the columns by which routes send the row. nullopt if the WAL
  /// doesn't have it. Of a delete without REPLICA IDENTITY FULL, the primary key alone.
  std::optional<row> before;
  std::optional<row> after; ///< of an insert or update: all used columns
  row key;                  ///< primary key in key order; empty for t
};

/// A row of a captured table that can't be decoded.
struct bad_change {
  table_id table;
  wal_position at;
  std::int64_t commit_ms = 0;
  std::string why;     ///< names the table and the column, and says what to do
  std::string message; ///< pgoutput's message, as it came
};

/// A message of pg_logical_emit_message().
struct log_message {
  bool transactional = false;
  wal_position at; ///< of one that isn't transactional: (its LSN, 0), between two transactions
  std::string prefix, content;
};

/// The end of a transaction: everything up to `at` was yielded.
struct transaction_end {
  wal_position at;
  std::int64_t commit_ms = 0;
  std::uint32_t xid = 0;
};

using stream_event = std::variant<row_change, bad_change, log_message, transaction_end>;

} // namespace millrace::postgres
