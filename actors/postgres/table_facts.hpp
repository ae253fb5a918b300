#pragma once

/// The properties of a table on which its change stream relies, from PostgreSQL's catalog. The stream
/// doesn't contain them: if one changes, rows can change without a record.

#include "actors/postgres/session.hpp"

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace millrace::postgres {

struct column_facts {
  int number = 0;         ///< pg_attribute.attnum; a dropped and re-created column has another
  std::uint32_t type = 0; ///< its OID
  int modifier = -1;      ///< precision, scale, length
  std::string type_name;  ///< as format_type() prints it
  std::uint32_t collation = 0;
  bool generated = false;
  std::map<std::string, std::string> labels; ///< an enum's, by OID; also through domains
  bool operator==(const column_facts&) const = default;
};

/// The publication, and what it publishes of one table.
struct publication_facts {
  bool exists = false, member = false;
  std::string version; ///< changes if the publication was altered, or the table was removed and added again
  bool filters_rows = false;
  std::vector<std::string> hides;      ///< used columns that its column list omits
  std::vector<std::string> leaves_out; ///< operations it doesn't publish: insert, update, delete, truncate
  bool operator==(const publication_facts&) const = default;
};

/// What a role that reads the table can see.
struct reader_facts {
  std::string role;      ///< as a SQL name
  bool reads = false;    ///< SELECT on the used columns, USAGE on the schema
  bool sees_all = false; ///< no row-level security applies to it
  bool operator==(const reader_facts&) const = default;
};

struct table_facts {
  std::uint32_t oid = 0;
  std::uint32_t file = 0; ///< pg_class.relfilenode: changes with a rewrite
  std::string kind;       ///< pg_class.relkind
  std::string persistence;
  std::string identity;              ///< pg_class.relreplident: d, n, f, i
  std::string parent;                ///< as a SQL name, the table whose partition it is; empty: none
  std::vector<std::string> children; ///< tables that inherit from it
  std::vector<std::string> key;      ///< the primary key's columns, in order
  bool deferrable_key = false;
  std::map<std::string, column_facts> columns; ///< the used columns that exist, by name
  publication_facts publication;
  std::vector<reader_facts> readers;
  bool operator==(const table_facts&) const = default;
};

/// A table to read, with the columns that figures use.
struct wanted_facts {
  std::string schema, name;
  std::vector<std::string> columns;
};

struct seen_table {
  std::string sql_name;             ///< as a SQL name
  std::optional<table_facts> facts; ///< nullopt: the table doesn't exist
};

/// All tables at one point in time.
struct catalog_picture {
  std::string publication;                  ///< as a SQL name
  lsn at;                                   ///< the WAL's end right after the read
  std::map<std::string, seen_table> tables; ///< by SCHEMA.TABLE
};

/// Reads the properties of all these tables in one round trip. `roles` are the roles that read them.
result<catalog_picture> look_at_tables(session& db, const std::vector<wanted_facts>& wanted,
                                       const std::string& publication, const std::vector<std::string>& roles);

std::string to_json(const table_facts& x);
/// Parses to_json()'s text. Returns nullopt for any other text, and for that of another build.
std::optional<table_facts> table_facts_from_json(const std::string& text);

} // namespace millrace::postgres
