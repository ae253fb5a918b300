#pragma once

/// A row that Millrace read itself, as a record for the table's change topic. It has Debezium's
/// envelope, but `source.snapshot` is `millrace`, and every value is the text that PostgreSQL prints in
/// a pinned session. So the decoder needs no guess about forms, and years before Christ are correct.
///
///     {"source": {"snapshot": "millrace", "lsn": FROM, "txId": ROW, ...}, "op": "r",
///      "before": null, "after": {"id": "17", "name": "x", "note": null}}

#include "actors/postgres/session.hpp"
#include "actors/sources/kafka/producer.hpp"

namespace millrace::connect {

/// The value of `source.snapshot`.
inline constexpr std::string_view read_by_millrace = "millrace";

/// Makes the records of one read of a table.
class read_records {
 public:
  /// `columns` are the columns read, in the rows' order, including the primary key's. `from` is the
  /// read's LSN.
  read_records(const postgres::table& of, std::vector<std::uint16_t> columns, std::string topic, lsn from);

  /// Returns the SELECT that reads the rows.
  std::string query() const;

  /// Returns the record of a row. Its key is what Debezium writes for integers, so that it goes to the
  /// same partition.
  kafka::outgoing record(const postgres::text_row& row, std::int64_t now_ms);

 private:
  std::string key_of(const postgres::text_row& row) const;

  const postgres::table& of_;
  std::vector<std::uint16_t> columns_;
  std::string topic_;
  lsn from_;
  std::uint64_t rows_ = 0;
};

} // namespace millrace::connect
