#pragma once

/// Decodes a JSON object of columns into a row of the table, with only the wanted columns.

#include "actors/sources/debezium/column_decoder.hpp"

#include <string>
#include <vector>

namespace millrace {

/// A column's text that can be the placeholder of a value that the record leaves out.
struct suspect_text {
  std::uint16_t column = 0;
  std::string text;
};

/// The content of an object of columns.
struct decoded_row {
  row values;                             ///< in the table's columns; unwanted ones are NULL
  std::vector<suspect_text> suspects;     ///< of wanted columns, NULL in `values`
  std::vector<std::uint16_t> unavailable; ///< wanted columns that the record leaves out, NULL in `values`
};

/// Used by one thread. Remembers the column order of the last object, because the next usually has the
/// same.
class row_decoder {
 public:
  /// `table` must outlive this. `wanted` are indexes into its columns.
  row_decoder(const postgres::table& table, const std::vector<std::uint16_t>& wanted);

  /// Decodes an object. Throws undecodable (a wanted column is missing, or its value doesn't fit its
  /// type) or simdjson_error.
  decoded_row decode(simdjson::ondemand::object from, const std::vector<wire_form>& forms);

 private:
  static constexpr int unwanted = -1;

  /// A field at its index in the last object.
  struct slot {
    std::string name; ///< as written, with escapes
    int column = unwanted;
  };

  int column_at(std::size_t place, simdjson::ondemand::field& x);
  [[noreturn]] void name_missing() const;

  const postgres::table& table_;
  std::vector<bool> wanted_;
  std::size_t wanted_count_ = 0;
  std::vector<slot> slots_;
  std::vector<bool> seen_; ///< by column: the object being decoded has it
};

} // namespace millrace
