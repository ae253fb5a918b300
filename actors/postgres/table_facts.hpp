#pragma once

/// What the stream of a table's changes relies on, as PostgreSQL's catalog has it. None of
/// it comes in the stream itself: a change of it makes rows differ without a record.

#include "actors/postgres/session.hpp"

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace millrace::postgres {

struct column_facts {
  int number = 0;         ///< pg_attribute.attnum: another one is another column
  std::uint32_t type = 0; ///< its oid
  int modifier = -1;      ///< precision, scale, length
  std::string type_name;  ///< as format_type() prints it
  std::uint32_t collation = 0;
  bool generated = false;
  std::map<std::string, std::string> labels; ///< an enum's, by oid; through domains too
  bool operator==(const column_facts&) const = default;
};

/// The publication, and what it has of one table.
struct publication_facts {
  bool exists = false, member = false;
  std::string version; ///< another one: altered, or the table was taken out and put back
  bool filters_rows = false;
  std::vector<std::string> hides;      ///< used columns that its column list leaves out
  std::vector<std::string> leaves_out; ///< operations: insert, update, delete, truncate
  bool operator==(const publication_facts&) const = default;
};

/// What a role that reads the table can see.
struct reader_facts {
  std::string role;      ///< as SQL takes it
  bool reads = false;    ///< SELECT on the used columns, USAGE on the schema
  bool sees_all = false; ///< no row security holds for it
  bool operator==(const reader_facts&) const = default;
};

struct table_facts {
  std::uint32_t oid = 0;
  std::uint32_t file = 0; ///< pg_class.relfilenode: a rewrite gives another one
  std::string kind;       ///< pg_class.relkind
  std::string persistence;
  std::string identity;              ///< pg_class.relreplident: d, n, f, i
  std::string parent;                ///< whose partition it is, as SQL takes it; empty: none
  std::vector<std::string> children; ///< that inherit from it
  std::vector<std::string> key;      ///< the primary key's columns, in order
  bool deferrable_key = false;
  std::map<std::string, column_facts> columns; ///< the used ones that are there, by name
  publication_facts publication;
  std::vector<reader_facts> readers;
  bool operator==(const table_facts&) const = default;
};

/// A table to look at, with the columns that are used.
struct wanted_facts {
  std::string schema, name;
  std::vector<std::string> columns;
};

struct seen_table {
  std::string sql_name;             ///< as SQL takes it
  std::optional<table_facts> facts; ///< none: it isn't there
};

/// All tables at one moment.
struct catalog_picture {
  std::string publication;                  ///< as SQL takes it
  lsn at;                                   ///< where the log was right after it
  std::map<std::string, seen_table> tables; ///< by SCHEMA.TABLE
};

/// Looks at all these tables in one round trip. `roles`: who reads them.
result<catalog_picture> look_at_tables(session& db, const std::vector<wanted_facts>& wanted,
                                       const std::string& publication, const std::vector<std::string>& roles);

std::string to_json(const table_facts& x);
/// Returns nothing for text that isn't ours, or that another build wrote.
std::optional<table_facts> table_facts_from_json(const std::string& text);

} // namespace millrace::postgres
