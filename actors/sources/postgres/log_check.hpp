#pragma once

/// Says whether a ledger was filled from a slot's log. Pure.

#include "actors/sources/change_source.hpp"
#include "actors/sources/postgres/replication_connection.hpp"
#include "actors/sources/postgres/slot.hpp"

namespace millrace::postgres {

/// The log as it is now.
struct log_facts {
  system_identity server;
  std::string database, slot;
  std::optional<slot_facts> found; ///< nullopt: the slot doesn't exist
};

/// Returns a number for the log, which the ledger keeps with its newest position: it differs if the system
/// identifier, the database or the timeline does.
std::uint64_t identity_of(const system_identity& server, const std::string& database);

/// Returns why the ledger isn't of this log, with what mends it. It isn't if
/// - the slot is gone or lost WAL, or somebody moved it past the slowest cell (dropped, and created again);
/// - the server is another one, or on another timeline;
/// - a cell is ahead of the server's WAL.
/// Returns nullopt if it is, or if the ledger has nothing yet.
std::optional<std::string> why_another_log(const log_facts& log, const ledger_extent& ledger);

} // namespace millrace::postgres
