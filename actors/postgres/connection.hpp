#pragma once

/// One connection by libpq, pinned: private to actors/postgres.

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

/// Connects and pins the session.
result<pg_connection> connect(const settings&);

/// Returns the error of a failed result, or of the connection if there is none.
error error_of(PGconn*, const PGresult*);

/// A session's inside: the connection, and whether it must not be replaced.
struct session::impl {
  settings to;
  pg_connection db;
  bool in_snapshot = false;

  /// Connects again if the connection was lost; refuses within a snapshot.
  result<void> ensure();
  /// Runs one statement with text parameters and returns its result.
  result<pg_result> run(const std::string& sql, const std::vector<std::string>& parameters = {});
  /// Returns the one value that the statement yields.
  result<std::string> value_of(const std::string& sql, const std::vector<std::string>& parameters = {});
};

/// Returns one field: nullopt for NULL.
std::optional<std::string> field_of(const PGresult*, int row, int column);
/// Returns the row as text.
text_row row_of(const PGresult*, int row);

} // namespace millrace::postgres
