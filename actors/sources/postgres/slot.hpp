#pragma once

/// Looks at a replication slot, and drops it. actors/sources/postgres/replication_connection.hpp creates it.

#include "actors/postgres/session.hpp"
#include "actors/sources/postgres/problem.hpp"

#include <optional>
#include <string>

namespace millrace::postgres {

struct slot_facts {
  std::string plugin, database; ///< empty: a physical slot
  bool temporary = false;
  int reader = 0;                   ///< process that reads it; 0: none
  lsn restart;                      ///< the oldest WAL that it keeps; 0: none
  lsn confirmed_flush;              ///< transactions that were committed before it aren't sent again; 0: none
  std::string wal_status;           ///< reserved, extended, unreserved (lost at the next checkpoint), lost
  std::uint64_t retained_bytes = 0; ///< WAL that it keeps
  /// WAL that can still be written before the slot is in danger; nullopt: no limit, or it is lost.
  std::optional<std::int64_t> safe_bytes;
  std::string invalidation; ///< why the server invalidated it (PostgreSQL 16: conflicting); empty: it didn't

  /// Returns whether its changes can't be read any more.
  bool lost() const { return wal_status == "lost" || !invalidation.empty() || restart == lsn{}; }
};

/// Returns nullopt if there is no slot with this name.
outcome<std::optional<slot_facts>> look_at_slot(session& db, const std::string& name);

/// Returns why this slot can't be read by a stream of this database. Returns nullopt if it can.
std::optional<problem> slot_trouble(const std::optional<slot_facts>& x, const std::string& name,
                                    const std::string& database);

/// Drops the slot. Does nothing if there is none. A slot that is read is `slot_in_use`.
outcome<void> drop_slot(session& db, const std::string& name);

} // namespace millrace::postgres
