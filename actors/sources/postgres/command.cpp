#include "actors/sources/postgres/command.hpp"

#include <poll.h>

#include <algorithm>

namespace millrace::postgres {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

namespace {

/// A name within a list within a literal.
std::string listed_name(const std::string& name) { return quoted_name(name); }

/// A literal of the replication grammar, which has no escapes but ''.
std::string literal(std::string_view text) {
  std::string out = "'";
  for (auto c : text)
    out += c == '\'' ? std::string("''") : std::string(1, c);
  return out + "'";
}

void cancel(PGconn* db) {
  std::unique_ptr<PGcancel, decltype(&PQfreeCancel)> how(PQgetCancel(db), PQfreeCancel);
  char why[256];
  if (how)
    PQcancel(how.get(), why, sizeof why);
}

/// Waits until PQgetResult() wouldn't block. Returns whether it did in time.
bool wait_for_result(PGconn* db, steady_clock::time_point deadline) {
  while (PQconsumeInput(db) && PQisBusy(db)) {
    auto left = std::chrono::duration_cast<milliseconds>(deadline - steady_clock::now());
    pollfd wanted{PQsocket(db), POLLIN, 0};
    if (left.count() <= 0
        || ::poll(&wanted, 1, static_cast<int>(std::min(left, milliseconds{1000}).count())) < 0)
      return false;
  }
  return true;
}

bool is_copy(const PGresult* x) {
  return PQresultStatus(x) == PGRES_COPY_BOTH || PQresultStatus(x) == PGRES_COPY_OUT;
}

/// The last result; COPY's, if it begins.
pg_result last_result(PGconn* db) {
  pg_result out;
  while (pg_result next{PQgetResult(db)}) {
    out = std::move(next);
    if (is_copy(out.get()) || PQresultStatus(out.get()) == PGRES_FATAL_ERROR)
      break;
  }
  if (out && PQresultStatus(out.get()) == PGRES_FATAL_ERROR)
    while (pg_result rest{PQgetResult(db)}) {
    }
  return out;
}

problem timed_out(command_kind kind, milliseconds after) {
  auto waited = std::to_string(after.count()) + " ms";
  if (kind == command_kind::create)
    return {trouble::slot_waits, "PostgreSQL: the slot wasn't ready after " + waited,
            "end the transactions that are open for long (pg_stat_activity, pg_prepared_xacts)"};
  return {trouble::unavailable, "PostgreSQL: no answer within " + waited, {}};
}

} // namespace

std::string create_command(const new_slot& x, int server_version) {
  auto out = "CREATE_REPLICATION_SLOT " + quoted_name(x.name) + (x.temporary ? " TEMPORARY" : "")
             + " LOGICAL pgoutput ";
  if (server_version < 150'000)
    return out + (x.export_snapshot ? "EXPORT_SNAPSHOT" : "NOEXPORT_SNAPSHOT");
  out += std::string("(SNAPSHOT '") + (x.export_snapshot ? "export" : "nothing") + "'";
  if (x.failover && !x.temporary && server_version >= 170'000)
    out += ", FAILOVER";
  return out + ")";
}

std::string start_command(const stream_start& x) {
  std::string names;
  for (auto& each : x.publications)
    names += (names.empty() ? "" : ",") + listed_name(each);
  return "START_REPLICATION SLOT " + quoted_name(x.slot) + " LOGICAL " + to_text(x.from)
         + " (proto_version '1', publication_names " + literal(names) + ", messages 'true')";
}

outcome<pg_result> run_command(PGconn* db, const std::string& command, command_kind kind,
                               milliseconds timeout) {
  if (!PQsendQuery(db, command.c_str()))
    return problem_of(error_of(db, nullptr));
  if (!wait_for_result(db, steady_clock::now() + timeout)) {
    cancel(db);
    wait_for_result(db, steady_clock::now() + milliseconds{5000});
    if (!PQisBusy(db))
      last_result(db);
    return timed_out(kind, timeout);
  }
  auto done = last_result(db);
  auto status = PQresultStatus(done.get());
  if (status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK || is_copy(done.get()))
    return done;
  return rejection(db, done.get(), kind);
}

problem rejection(PGconn* db, const PGresult* failed, command_kind kind) {
  auto* field = failed ? PQresultErrorField(failed, PG_DIAG_SQLSTATE) : nullptr;
  std::string_view code(field ? field : "");
  if (kind == command_kind::snapshot)
    return problem_of(error_of(db, failed));
  auto why = error_of(db, failed).message;
  if (code == "55006") // object_in_use
    return {trouble::slot_in_use, why, "stop the process that reads it, or SELECT pg_terminate_backend(PID)"};
  if (code == "53400") // configuration_limit_exceeded
    return {trouble::no_free_slot, why,
            "raise max_replication_slots and restart the server, or drop a slot (pg_replication_slots)"};
  if (code == "42501") // insufficient_privilege
    return {trouble::no_replication_right, why, "ALTER ROLE " + quoted_name(PQuser(db)) + " REPLICATION"};
  if (code == "42601" && kind == command_kind::identify) // syntax_error
    return {trouble::pooler, why, "give the address of the server itself, not of a connection pooler"};
  if (code == "42710") // duplicate_object
    return {trouble::slot_exists, why, "drop the slot, or use it"};
  if (code == "42704") // undefined_object
    return kind == command_kind::start
               ? problem{trouble::slot_missing, why, "the slot is gone: fill the figures again"}
               : problem{
                   trouble::publication_missing, why,
                   "create the publication before the slot: the slot reads the catalog of its own past"};
  if (code == "55000") // object_not_in_prerequisite_state
    return kind == command_kind::create
               ? problem{trouble::wal_level, why,
                         "ALTER SYSTEM SET wal_level = logical, and restart the server"}
               : problem{trouble::slot_lost, why, "drop the slot and fill the figures again"};
  if (code == "0A000" && kind == command_kind::create) // feature_not_supported
    return {trouble::standby, why, "give the primary's address"};
  return problem_of(error_of(db, failed));
}

} // namespace millrace::postgres
