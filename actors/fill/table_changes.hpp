#pragma once

/// What a change in PostgreSQL's catalog means for the rows in a table's cells, as text. Compares
/// the facts relied on with the present facts. Pure.

#include "actors/postgres/table_facts.hpp"

#include <set>

namespace millrace {

/// Why rows of a table may differ from PostgreSQL's, now or soon.
struct complaint {
  std::string what;                   ///< "public.t was rewritten (...)"
  std::string remedy;                 ///< what to do before the table is read again; can be empty
  std::set<std::string> columns = {}; ///< only these columns are in doubt; empty: all rows
  bool rewritten = false;             ///< reading again is enough: only storage or a reader's rights changed
  bool stands = false;                ///< the condition continues, and can still change rows
  bool operator==(const complaint&) const = default;
};

/// What the figures need of a table, in addition to its facts.
struct table_needs {
  std::string sql_name;
  std::string publication;
  std::map<std::string, std::string> columns; ///< the used columns, with their types in the plans
  bool full_identity = false;                 ///< its records must contain old rows
};

/// Returns the conditions that prevent exact figures now. Reading the table again doesn't help for
/// long until they end.
std::vector<complaint> standing(const postgres::table_facts& now, const table_needs& needs);

/// Returns what has happened since `before`, including conditions that have ended. A column that
/// `before` lacks is new.
std::vector<complaint> happened(const postgres::table_facts& before, const postgres::table_facts& now,
                                const table_needs& needs);

/// Returns all complaints about a table. If the ledger has no facts `before`, compares with the
/// plans. If there are no facts now, the table doesn't exist.
std::vector<complaint> complaints(const std::optional<postgres::table_facts>& before,
                                  const postgres::seen_table& now, const table_needs& needs);

} // namespace millrace
