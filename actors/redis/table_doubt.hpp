#pragma once

/// A table of which a node can't prove any more that it has every row as PostgreSQL has
/// it. Figures over such a table are incomplete until the table is read again.

#include "messages/units.hpp"

#include <cstdint>
#include <set>
#include <string>

namespace millrace::redis {

struct table_doubt {
  std::string reason;     ///< what happened: "public.t was rewritten (...)"; "; " between two
  std::string remedy;     ///< the commands to run, in order; "; " between two
  std::int64_t since = 0; ///< when it was noticed first, Unix time in seconds
  lsn at;                 ///< the log's end when it was noticed last
  /// Only the table's storage changed: reading the table again mends it, whatever it was.
  bool rewritten_only = false;
  std::set<std::string> columns = {}; ///< only these columns' values are in doubt; empty: all rows
  bool asked = false;                 ///< somebody wants it read again, whatever it is
  /// What the catalog watch compared when it noticed: the same again is no news.
  std::string seen = {};
  bool operator==(const table_doubt&) const = default;
};

/// Returns the doubt as the ledger keeps it, JSON; functions/doubts.lua reads it too.
std::string to_json(const table_doubt& x);
/// Text that isn't ours is a doubt, too: nobody can tell what it said.
table_doubt table_doubt_from_json(const std::string& text);

} // namespace millrace::redis
