#pragma once

/// Rows of COPY's text format -> rows of a plan's table.

#include "actors/sources/postgres/copy_text.hpp"
#include "actors/sources/postgres/snapshot_reader.hpp"

namespace millrace::postgres {

/// For one thread, and one table.
class snapshot_decoder {
 public:
  /// `plans` must outlive this.
  snapshot_decoder(const plan_set& plans, table_id of, lsn at);

  /// Returns the columns that COPY is to write, in this order.
  const std::vector<std::uint16_t>& columns() const { return columns_; }
  snapshot_batch empty_batch() const;
  /// Adds one row: to `rows`, or to `bad` if it can't be decoded.
  void add(std::string_view line, snapshot_batch& to);

 private:
  result<row_change> decode(std::string_view line);
  error refused(const std::string& why) const;

  const table_plan& plan_;
  table_id id_;
  lsn at_;
  std::vector<std::uint16_t> columns_;
  copy_text text_;
};

} // namespace millrace::postgres
