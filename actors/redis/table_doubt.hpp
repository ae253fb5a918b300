#pragma once

/// A doubt: a table's rows in the cells may differ from PostgreSQL's. Its figures are incomplete
/// until the table is read again.

#include "messages/units.hpp"

#include <cstdint>
#include <set>
#include <string>

namespace millrace::redis {

struct table_doubt {
  std::string reason;     ///< what happened: "public.t was rewritten (...)"; several joined with "; "
  std::string remedy;     ///< the commands to run, in order; several joined with "; "
  std::int64_t since = 0; ///< when it was first noticed, Unix time, s
  lsn at;                 ///< end of the WAL when it was last noticed
  /// Only the table's storage changed, so reading the table again is always enough.
  bool rewritten_only = false;
  std::set<std::string> columns = {}; ///< only these columns are in doubt; empty: all rows
  bool asked = false;                 ///< a user asked for the table to be read again, whatever the reason
  /// What the catalog watch compared when it noticed. The same values again aren't a new doubt.
  std::string seen = {};
  bool operator==(const table_doubt&) const = default;
};

/// Returns the doubt as JSON for the ledger; functions/doubts.lua reads it too.
std::string to_json(const table_doubt& x);
/// Parses the JSON. A text that isn't JSON of a doubt is a doubt too, because its meaning is
/// unknown.
table_doubt table_doubt_from_json(const std::string& text);

} // namespace millrace::redis
