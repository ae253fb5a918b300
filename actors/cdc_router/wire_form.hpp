#pragma once

/// How a column's value is written in a record: what JSON's own types don't
/// tell. From the record's schema where it has one, else from the catalog.

#include "actors/postgres/catalog.hpp"

#include <optional>
#include <string_view>
#include <vector>

namespace millrace {

/// What a number says in a column of dates or times.
enum class time_unit : std::uint8_t { unknown, days, milliseconds, microseconds, nanoseconds };

struct wire_form {
  time_unit unit = time_unit::unknown;
  /// decimal.handling.mode=precise: the scale of base64 text. Without a schema
  /// the catalog's, if the text turns out to be base64.
  std::optional<int> decimal_scale;
  bool from_schema = false; ///< the record's schema said so
  bool text = false;        ///< the schema says string
};

/// Which part of a wrapper's schema describes the columns.
enum class schema_part : std::uint8_t { key, row };

/// Returns each column's form as time.precision.mode=adaptive writes it: without
/// the schema, milliseconds up to precision 3 and microseconds beyond can't be
/// told from what `connect` and `microseconds` write.
std::vector<wire_form> catalog_forms(const postgres::table& of);

/// Returns each column's form by a schema in JSON (Kafka Connect's JsonConverter).
/// A column that the schema doesn't have keeps the catalog's. Throws
/// what derives from std::exception on anything that isn't such a schema.
std::vector<wire_form> schema_forms(const postgres::table& of, std::string_view schema, schema_part part);

} // namespace millrace
