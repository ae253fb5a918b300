#pragma once

/// A JSON object of columns -> a row of the table, only the columns wanted.

#include "actors/sources/debezium/column_decoder.hpp"

#include <string>
#include <vector>

namespace millrace {

/// A column's text that may stand for a value that the record leaves out.
struct suspect_text {
  std::uint16_t column = 0;
  std::string text;
};

/// What an object of columns says.
struct decoded_row {
  row values;                             ///< as the table's columns; unwanted ones NULL
  std::vector<suspect_text> suspects;     ///< of wanted columns; NULL above
  std::vector<std::uint16_t> unavailable; ///< wanted columns that the record leaves out; NULL above
};

/// Used by one thread. Remembers the order in which the last object had its
/// columns, since the next one has the same.
class row_decoder {
 public:
  /// `table` must outlive this. `wanted` are indexes into its columns.
  row_decoder(const postgres::table& table, const std::vector<std::uint16_t>& wanted);

  /// Decodes an object. Throws undecodable (a wanted column is missing, or isn't
  /// what its type needs) or simdjson_error.
  decoded_row decode(simdjson::ondemand::object from, const std::vector<wire_form>& forms);

 private:
  static constexpr int unwanted = -1;

  /// A field as it stood at some place in the last object.
  struct slot {
    std::string name; ///< as written, escapes and all
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
