#pragma once

/// Finds the columns of a plan's table in the rows that the stream sends.

#include "actors/postgres/catalog.hpp"
#include "actors/sources/postgres/pgoutput.hpp"

#include <string>
#include <vector>

namespace millrace::postgres {

/// How rows of one relation look on the wire, seen from the plan's table.
class relation_layout {
 public:
  /// `wanted` are indexes into the table's columns.
  relation_layout(const pgoutput::relation& of, const table& planned,
                  const std::vector<std::uint16_t>& wanted);

  /// Returns the field of a row that holds this wanted column. Its index is below width() if there is no
  /// trouble().
  std::size_t field_of(std::uint16_t column) const { return fields_[column]; }
  /// Returns the number of fields of a row.
  std::size_t width() const { return width_; }
  /// Returns whether every column of the primary key is part of the replica identity.
  bool identifies_rows() const { return identifies_rows_; }
  /// Returns why no row can be decoded: a wanted column isn't sent. Empty if it can.
  const std::string& trouble() const { return trouble_; }

 private:
  std::vector<std::size_t> fields_;
  std::size_t width_ = 0;
  bool identifies_rows_ = true;
  std::string trouble_;
};

} // namespace millrace::postgres
