#pragma once

/// What a change of PostgreSQL's catalog means for the rows that a table's cells hold, in
/// words. Pure: facts as they were relied on, and as they are now.

#include "actors/postgres/table_facts.hpp"

#include <set>

namespace millrace {

/// Why rows of a table may differ from PostgreSQL's, or be about to.
struct complaint {
  std::string what;                   ///< "public.t was rewritten (...)"
  std::string remedy;                 ///< what comes before the table is read again; may be empty
  std::set<std::string> columns = {}; ///< only these columns' values are in doubt; empty: all rows
  bool rewritten = false;             ///< the storage alone is another
  bool stands = false;                ///< it goes on: what it does to rows isn't over
  bool operator==(const complaint&) const = default;
};

/// What the figures need of a table, beside the columns that its facts have.
struct table_needs {
  std::string sql_name;
  std::string publication;
  std::map<std::string, std::string> columns; ///< used ones, with the type that the plans have
  bool full_identity = false;                 ///< its records are read as having old rows
};

/// Returns what stands in the way of exact figures right now: until it ends, reading the
/// table again doesn't help for long.
std::vector<complaint> standing(const postgres::table_facts& now, const table_needs& needs);

/// Returns what has happened since `before`, what stood then and has ended among it. A
/// column that `before` lacks is a new one.
std::vector<complaint> happened(const postgres::table_facts& before, const postgres::table_facts& now,
                                const table_needs& needs);

/// Returns all that is to be said of a table. Where the ledger doesn't tell what was relied
/// on `before`, the plans do. No facts now: there is no such table.
std::vector<complaint> complaints(const std::optional<postgres::table_facts>& before,
                                  const postgres::seen_table& now, const table_needs& needs);

} // namespace millrace
