#pragma once

/// What is asked of Debezium by its signal table, and what it answers in its
/// notifications.

#include "actors/figures/plan/plan.hpp"
#include "messages/error.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace millrace::connect {

/// Returns a regular expression that matches just this table's SCHEMA.TABLE, as
/// signals and table.include.list take it.
std::string collection_pattern(const std::string& schema, const std::string& table);

/// Returns the SQL condition of one row, by its primary key in key order. Throws
/// std::invalid_argument if `key` isn't of that size.
std::string row_condition(const postgres::table& of, const row& key);

/// Returns the data of an execute-snapshot signal for these rows. `keys` as above,
/// one at least.
std::string rows_signal(const postgres::table& of, const std::vector<row>& keys);

/// What a notification says about an incremental snapshot.
enum class snapshot_step : std::uint8_t {
  started,    ///< Debezium took the signal
  running,    ///< some rows are in Kafka
  table_done, ///< one table was read to its end
  completed,  ///< all tables; may be read before the last rows on other partitions
  failed,     ///< aborted, stopped, or a table couldn't be read
  other,      ///< paused, resumed
};

struct notification {
  std::string id; ///< of the signal
  snapshot_step step = snapshot_step::other;
  std::string table;     ///< SCHEMA.TABLE; empty where it is about all
  std::int64_t rows = 0; ///< read so far of that table; table_done
  std::string detail;    ///< Debezium's own word for the step
};

/// Reads a record of the notification topic (with or without the schema
/// wrapper). Returns nullopt if it isn't about an incremental snapshot.
std::optional<notification> read_notification(std::string_view payload);

} // namespace millrace::connect
