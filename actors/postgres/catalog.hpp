#pragma once

/// Tables as PostgreSQL's catalog describes them: plain data, loaded once.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace millrace::postgres {

/// The column types that Millrace distinguishes (figures.md, 'Types'). A domain counts as its base type.
enum class column_type : std::uint8_t {
  smallint,
  integer,
  bigint,
  numeric,          ///< numeric(p,s), 0 <= s <= p <= 18: int64 scaled by 10^s
  numeric_unscaled, ///< any other numeric: text
  boolean,
  text,
  varchar,
  bpchar,
  uuid,
  date,
  timestamp,
  timestamptz,
  time,
  json,
  jsonb,
  bytea,
  enumeration,
  real,
  double_precision,
  other, ///< any other: a figure that uses the column is refused
};

struct column {
  std::string name;
  column_type type = column_type::other;
  std::string type_name; ///< as format_type() prints it
  int precision = 0;     ///< numeric(p,s), through any depth of domains; 0: no modifier
  int scale = 0;         ///< numeric(p,s): -1000 to 1000
  int fraction = 6; ///< fractional digits of a second: timestamp(n), time(n), through any depth of domains
  bool not_null = false;
  bool generated = false;
  bool deterministic = true;     ///< whether its collation is deterministic, for text types
  bool domain = false;           ///< its type is a domain over `type`
  bool unprintable_type = false; ///< the name or a label of its type has control characters
  bool operator==(const column&) const = default;
};

struct foreign_key {
  std::vector<std::uint16_t> columns; ///< of this table
  std::string schema, table;          ///< the table that it refers to
  std::vector<std::string> referred;  ///< that table's columns, in the same order
  bool operator==(const foreign_key&) const = default;
};

enum class table_kind : std::uint8_t { ordinary, partitioned, partition, view, foreign, other };

struct table {
  std::string schema, name;
  table_kind kind = table_kind::ordinary;
  std::vector<column> columns;
  std::vector<std::uint16_t> primary_key; ///< indexes into columns, in key order
  bool deferrable_key = false;
  bool full_identity = false; ///< REPLICA IDENTITY FULL
  std::vector<foreign_key> foreign_keys;
  bool operator==(const table&) const = default;

  /// Returns the index of the column with this name. Returns nullopt if there is none.
  std::optional<std::uint16_t> find(const std::string& column_name) const {
    for (std::size_t i = 0; i < columns.size(); ++i)
      if (columns[i].name == column_name)
        return static_cast<std::uint16_t>(i);
    return std::nullopt;
  }
};

} // namespace millrace::postgres
