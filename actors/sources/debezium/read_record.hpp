#pragma once

/// A row that Millrace itself has read, as a record for the table's change topic: in
/// Debezium's envelope, but `source.snapshot` says `millrace`, and every value is the
/// text that PostgreSQL prints in a pinned session. So no form has to be guessed, and
/// years before Christ stay there.
///
///     {"source": {"snapshot": "millrace", "lsn": FROM, "txId": ROW, ...}, "op": "r",
///      "before": null, "after": {"id": "17", "name": "x", "note": null}}

#include "actors/postgres/session.hpp"
#include "actors/sources/kafka/producer.hpp"

namespace millrace::connect {

/// The word of `source.snapshot`.
inline constexpr std::string_view read_by_millrace = "millrace";

/// Makes the records of one read of a table.
class read_records {
 public:
  /// `columns`: those that were read, in the rows' order, the primary key's among
  /// them. `from`: the read's LSN.
  read_records(const postgres::table& of, std::vector<std::uint16_t> columns, std::string topic, lsn from);

  /// Returns the SELECT whose rows these are.
  std::string query() const;

  /// Returns the record of a row. Its key is as Debezium writes it for integers, so
  /// that it goes to the same partition.
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
