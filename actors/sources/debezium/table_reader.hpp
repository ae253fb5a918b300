#pragma once

/// Reads tables from PostgreSQL, each in one statement, and writes their rows to the tables' change
/// topics. A thread of its own does the work; the caller only checks its progress.
///
/// If a table can't be read, the reader tries again after 1 s, then after twice as long each time,
/// up to 1 min. The other tables continue meanwhile. Once all other tables are read, and each of
/// the rest has failed three times, the progress says that only unreadable tables are left.

#include "actors/figures/plan/plan.hpp"
#include "actors/postgres/session.hpp"
#include "actors/sources/capture.hpp"
#include "actors/sources/kafka/consumer.hpp"

#include <memory>
#include <string>
#include <vector>

namespace millrace {

struct table_reader_settings {
  postgres::settings postgres;
  kafka::settings kafka;
  std::string topic_prefix;
  const plan_set* plans = nullptr; ///< must outlive the reader
};

/// For one thread.
class table_reader {
 public:
  explicit table_reader(table_reader_settings how);
  ~table_reader(); ///< stops within the time of one batch of rows
  table_reader(table_reader&&) noexcept;
  table_reader& operator=(table_reader&&) noexcept;

  /// Begins to read these tables (SCHEMA.TABLE; empty: all). Ends a read that is running.
  void begin(lsn from, const std::vector<std::string>& tables);

  /// Returns the progress. It is done once Kafka has every row of every table.
  read_progress look() const;

 private:
  struct work;
  table_reader_settings how_;
  std::unique_ptr<work> work_;
};

} // namespace millrace
