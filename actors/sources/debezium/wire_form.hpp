#pragma once

/// How a record writes a column's value, beyond JSON's own types. The record's schema describes it. For
/// records without a schema, the catalog does.

#include "actors/figures/values/buckets.hpp"
#include "actors/postgres/catalog.hpp"

#include <optional>
#include <string_view>
#include <vector>

namespace millrace {

struct wire_form {
  std::optional<time_unit> unit; ///< the unit of a number in dates and times; nullopt: unknown
  bool base64_decimal = false;   ///< decimal.handling.mode=precise: text is an unscaled integer's base64
  std::optional<int> scale;      ///< of that integer; nullopt: unknown
  bool text = false;             ///< the schema's type is string
  bool postgres = false;         ///< PostgreSQL's own text (a read by Millrace)
};

/// Modes of the connector that records without a schema don't contain.
struct connector_modes {
  bool precise_decimals = false; ///< decimal.handling.mode=precise; else string or double
};

/// Which part of a wrapper's schema describes the columns.
enum class schema_part : std::uint8_t { key, row };

/// Returns each column's form under time.precision.mode=adaptive, which Millrace's template sets:
/// milliseconds up to timestamp(3), microseconds above.
std::vector<wire_form> catalog_forms(const postgres::table& of, const connector_modes& modes);

/// Returns the forms of a row that Millrace read: PostgreSQL's own texts.
std::vector<wire_form> text_forms(const postgres::table& of);

/// Returns each column's form from a JSON schema of Kafka Connect's JsonConverter. Records of that
/// schema don't contain a column that the schema lacks. Throws a std::exception if `schema` isn't such
/// a schema.
std::vector<wire_form> schema_forms(const postgres::table& of, std::string_view schema, schema_part part);

} // namespace millrace
