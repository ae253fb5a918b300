#pragma once

/// How a column's value is written in a record: what JSON's own types don't
/// tell. From the record's schema where it has one, else from the catalog.

#include "actors/figures/values/buckets.hpp"
#include "actors/postgres/catalog.hpp"

#include <optional>
#include <string_view>
#include <vector>

namespace millrace {

struct wire_form {
  std::optional<time_unit> unit; ///< what a number counts in dates and times; nullopt: nothing tells it
  bool base64_decimal = false;   ///< decimal.handling.mode=precise: text is an unscaled integer's base64
  std::optional<int> scale;      ///< of that integer; nullopt: nothing tells it
  bool text = false;             ///< the schema says string
  bool postgres = false;         ///< PostgreSQL's own text (a read of ours)
};

/// What records without a schema don't tell of the connector that wrote them.
struct connector_modes {
  bool precise_decimals = false; ///< decimal.handling.mode=precise; else string or double
};

/// Which part of a wrapper's schema describes the columns.
enum class schema_part : std::uint8_t { key, row };

/// Returns each column's form as time.precision.mode=adaptive writes it, which our
/// template sets: milliseconds up to timestamp(3), microseconds beyond.
std::vector<wire_form> catalog_forms(const postgres::table& of, const connector_modes& modes);

/// Returns the forms of a row that Millrace read: PostgreSQL's own texts.
std::vector<wire_form> text_forms(const postgres::table& of);

/// Returns each column's form by a schema in JSON (Kafka Connect's JsonConverter).
/// A column that the schema doesn't have is in no record of it. Throws
/// what derives from std::exception on anything that isn't such a schema.
std::vector<wire_form> schema_forms(const postgres::table& of, std::string_view schema, schema_part part);

} // namespace millrace
