#pragma once

/// The commands of a walsender: their text, how one is run, and what their errors mean. Private to
/// actors/sources/postgres.

#include "actors/postgres/connection.hpp"
#include "actors/sources/postgres/replication_connection.hpp"

namespace millrace::postgres {

/// Which command an error is of: one code means different things to different commands.
enum class command_kind { identify, create, start, stream, snapshot };

std::string create_command(const new_slot& x, int server_version);
std::string start_command(const stream_start& x);

/// Runs a command and returns its last result, or that of COPY. Cancels it after `timeout`, and returns
/// `slot_waits` (create) or `unavailable`.
outcome<pg_result> run_command(PGconn* db, const std::string& command, command_kind kind,
                               std::chrono::milliseconds timeout);

/// Returns what a failed result means.
problem rejection(PGconn* db, const PGresult* failed, command_kind kind);

} // namespace millrace::postgres
