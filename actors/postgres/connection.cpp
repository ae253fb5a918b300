#include "actors/postgres/connection.hpp"

#include <poll.h>

#include <algorithm>
#include <string_view>

namespace millrace::postgres {

namespace {

using clock = std::chrono::steady_clock;

std::string where(const settings& to) {
  return "PostgreSQL " + to.user + "@" + to.host + ":" + std::to_string(to.port) + "/" + to.database;
}

errc code_of(std::string_view sqlstate) {
  auto any = [&](std::initializer_list<std::string_view> prefixes) {
    return std::any_of(prefixes.begin(), prefixes.end(),
                       [&](std::string_view x) { return sqlstate.starts_with(x); });
  };
  if (any({"28", "42501"}))
    return errc::denied;
  if (sqlstate.empty() || any({"08", "53", "57", "58", "25006", "40", "55P03"}))
    return errc::unavailable;
  return errc::bad_setting;
}

std::string trimmed(std::string_view text) {
  while (!text.empty() && (text.back() == '\n' || text.back() == ' '))
    text.remove_suffix(1);
  return std::string(text);
}

/// With verbose messages, a refused connection's text is "FATAL:  28P01: password ... \nLOCATION: ...". This
/// is the only way to its code that doesn't depend on the server's language.
error refused_connection(const settings& to, std::string_view message) {
  std::string code;
  auto line = message.substr(0, message.find("\nLOCATION:"));
  for (std::size_t at = line.find(":  "); at != line.npos; at = line.find(":  ", at + 1)) {
    auto rest = line.substr(at + 3);
    if (rest.size() > 7 && rest.substr(5, 2) == ": ") {
      code = rest.substr(0, 5);
      line = rest.substr(7);
      break;
    }
  }
  // libpq has no code for a server that requires a password when none is set.
  auto kind = message.find("no password supplied") != message.npos ? errc::denied : code_of(code);
  return {kind, where(to) + ": " + trimmed(line)};
}

/// Polls a started connection until it is open or has failed, or until the deadline.
PostgresPollingStatusType drive(PGconn* db, clock::time_point deadline) {
  auto status = PGRES_POLLING_WRITING;
  while (status == PGRES_POLLING_READING || status == PGRES_POLLING_WRITING) {
    pollfd wait{PQsocket(db), static_cast<short>(status == PGRES_POLLING_READING ? POLLIN : POLLOUT), 0};
    auto left = std::chrono::duration_cast<std::chrono::milliseconds>(deadline - clock::now()).count();
    if (left <= 0 || ::poll(&wait, 1, static_cast<int>(left)) == 0)
      return PGRES_POLLING_ACTIVE; // means: the deadline has passed
    status = PQconnectPoll(db);
  }
  return status;
}

std::string path_of(const settings& to) {
  std::string path;
  for (auto& x : to.schemas)
    path += (path.empty() ? "" : ", ") + quoted_name(x);
  return path.empty() ? "''" : path;
}

/// A role or a database can change these settings (ALTER ROLE, ALTER DATABASE ... SET). They would change how
/// statements parse, which rows they see, how values print, or whether statements complete. The time limits
/// come first, because they could end the other SETs. A statement that waits for another session's lock fails
/// after a while, so that its caller can say so and try again.
constexpr auto pins = "SET statement_timeout = 0; SET lock_timeout = '30s';"
                      "SET idle_in_transaction_session_timeout = 0;"
                      "SET client_encoding = 'UTF8'; SET standard_conforming_strings = on;"
                      "SET transform_null_equals = off; SET quote_all_identifiers = off;"
                      "SET default_transaction_isolation = 'read committed';"
                      "SET default_transaction_read_only = off; SET default_transaction_deferrable = off;"
                      // PostgreSQL then rejects a statement whose rows a policy would filter.
                      "SET row_security = off;"
                      "SET TimeZone = 'UTC'; SET DateStyle = 'ISO, MDY'; SET IntervalStyle = 'postgres';"
                      "SET bytea_output = 'hex'; SET extra_float_digits = 1;";

/// Time limits that only newer servers have.
constexpr auto newer_pins = "SELECT set_config(name, '0', false) FROM pg_settings "
                            "WHERE name IN ('idle_session_timeout', 'transaction_timeout');";

result<void> pin(PGconn* db, const settings& to) {
  // First the path, as the database's own could name a schema with another pg_settings.
  auto sql = std::string("SET search_path = pg_catalog, pg_temp;") + pins + newer_pins
             + "SET search_path = " + path_of(to);
  pg_result done(PQexec(db, sql.c_str()));
  if (PQresultStatus(done.get()) != PGRES_COMMAND_OK)
    return error_of(db, done.get());
  return {};
}

} // namespace

result<pg_connection> connect(const settings& to, connection_kind kind) {
  auto port = std::to_string(to.port);
  std::vector<const char*> names, values;
  auto give = [&](const char* name, const std::string& value) {
    if (value.empty())
      return;
    names.push_back(name);
    values.push_back(value.c_str());
  };
  const std::string utf8 = "UTF8", few = "5", many = "30000", of_the_database = "database";
  give("host", to.host);
  give("port", port);
  give("dbname", to.database);
  give("user", to.user);
  give("password", to.password);
  give("sslmode", to.sslmode);
  give("sslrootcert", to.sslrootcert);
  give("application_name", to.application_name);
  give("client_encoding", utf8);
  if (kind == connection_kind::replication)
    give("replication", of_the_database);
  // Detects within 30 s that a server disappeared without closing the connection.
  give("keepalives_idle", few);
  give("keepalives_interval", few);
  give("tcp_user_timeout", many);
  names.push_back(nullptr);
  values.push_back(nullptr);
  pg_connection db(PQconnectStartParams(names.data(), values.data(), 0));
  if (!db)
    return error{errc::unavailable, where(to) + ": out of memory"};
  PQsetErrorVerbosity(db.get(), PQERRORS_VERBOSE);
  if (PQstatus(db.get()) != CONNECTION_BAD) {
    auto status = drive(db.get(), clock::now() + to.connect_timeout);
    if (status == PGRES_POLLING_ACTIVE)
      return error{errc::unavailable,
                   where(to) + ": no answer within " + std::to_string(to.connect_timeout.count()) + " s"};
  }
  if (PQstatus(db.get()) != CONNECTION_OK)
    return refused_connection(to, PQerrorMessage(db.get()));
  PQsetErrorVerbosity(db.get(), PQERRORS_DEFAULT);
  PQsetNoticeProcessor(
      db.get(), [](void*, const char*) {}, nullptr);
  if (auto pinned = pin(db.get(), to); !pinned)
    return pinned.why();
  return db;
}

error error_of(PGconn* db, const PGresult* failed) {
  if (PQstatus(db) == CONNECTION_BAD)
    return {errc::unavailable, "PostgreSQL: connection lost: " + trimmed(PQerrorMessage(db))};
  auto field = [&](int what) {
    auto* text = failed ? PQresultErrorField(failed, what) : nullptr;
    return std::string(text ? text : "");
  };
  auto message = field(PG_DIAG_MESSAGE_PRIMARY);
  if (message.empty())
    message = trimmed(PQerrorMessage(db));
  for (auto what : {PG_DIAG_MESSAGE_DETAIL, PG_DIAG_MESSAGE_HINT})
    if (auto more = field(what); !more.empty())
      message += " (" + more + ")";
  if (field(PG_DIAG_SQLSTATE) == "55P03") // lock_not_available
    message += ": another session holds a lock on the table (see pg_locks)";
  return {code_of(field(PG_DIAG_SQLSTATE)), "PostgreSQL: " + message};
}

} // namespace millrace::postgres
