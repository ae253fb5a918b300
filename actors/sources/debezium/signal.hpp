#pragma once

/// Requests to Debezium in its signal table, and the answers in its notifications.

#include "actors/figures/plan/plan.hpp"
#include "messages/error.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace millrace::connect {

/// Returns a regular expression that matches exactly this table's SCHEMA.TABLE, for signals and
/// table.include.list.
std::string collection_pattern(const std::string& schema, const std::string& table);

/// Returns the SQL condition that selects one row by its primary key, in key order. Throws
/// std::invalid_argument if `key` has a different size.
std::string row_condition(const postgres::table& of, const row& key);

/// Returns the data of an execute-snapshot signal for these rows. `keys` are primary keys in key order,
/// at least one.
std::string rows_signal(const postgres::table& of, const std::vector<row>& keys);

/// What a notification reports about an incremental snapshot.
enum class snapshot_step : std::uint8_t {
  started,    ///< Debezium accepted the signal
  running,    ///< some rows are in Kafka
  table_done, ///< one table was completely read
  completed,  ///< all tables; can arrive before the last rows on other partitions
  failed,     ///< aborted, stopped, or a table couldn't be read
  other,      ///< paused, resumed
};

struct notification {
  std::string id; ///< of the signal
  snapshot_step step = snapshot_step::other;
  std::string table;     ///< SCHEMA.TABLE; empty if it is about all tables
  std::int64_t rows = 0; ///< table_done: rows read of that table
  std::string detail;    ///< Debezium's own name for the step
};

/// Reads a record of the notification topic, with or without the schema wrapper. Returns nullopt if it
/// isn't about an incremental snapshot.
std::optional<notification> read_notification(std::string_view payload);

} // namespace millrace::connect
