#pragma once

/// One pinned libpq connection. Private to actors/postgres and actors/sources/postgres.

#include "actors/postgres/session.hpp"

#include <libpq-fe.h>

#include <memory>
#include <string>
#include <vector>

namespace millrace::postgres {

struct result_deleter {
  void operator()(PGresult* x) const { PQclear(x); }
};
using pg_result = std::unique_ptr<PGresult, result_deleter>;

struct connection_deleter {
  void operator()(PGconn* x) const { PQfinish(x); }
};
using pg_connection = std::unique_ptr<PGconn, connection_deleter>;

enum class connection_kind {
  session,
  replication, ///< a walsender, which also runs SQL
};

/// Connects and pins the session's settings.
result<pg_connection> connect(const settings&, connection_kind = connection_kind::session);

/// Returns the error of a failed result. Without a result, returns the connection's error.
error error_of(PGconn*, const PGresult*);

/// The session's connection, and whether a snapshot is open in it.
struct session::impl {
  settings to;
  pg_connection db;
  bool in_snapshot = false;

  /// Reconnects if the connection was lost. Within a snapshot, returns an error instead.
  result<void> ensure();
  /// Runs one statement with text parameters and returns its result.
  result<pg_result> run(const std::string& sql, const std::vector<std::string>& parameters = {});
  /// Returns the single value that the statement returns.
  result<std::string> value_of(const std::string& sql, const std::vector<std::string>& parameters = {});
};

/// Returns one field. Returns nullopt for NULL.
std::optional<std::string> field_of(const PGresult*, int row, int column);
/// Returns the row as text.
text_row row_of(const PGresult*, int row);

} // namespace millrace::postgres
