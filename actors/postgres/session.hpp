#pragma once

/// A pinned PostgreSQL session: the catalog, columns of a query, rows as text, markers in the WAL, the
/// slot. Not thread-safe: each thread needs its own.
///
/// Errors are `unavailable` (no server, or the connection was lost), `denied` (wrong password or missing
/// right) and `bad_setting` (everything else that the server rejects). After a lost connection, the next
/// call reconnects, except within a snapshot. No error contains the password.

#include "actors/postgres/catalog.hpp"
#include "messages/error.hpp"
#include "messages/units.hpp"

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace millrace::postgres {

struct settings {
  std::string host = "127.0.0.1"; ///< or the directory of a Unix socket
  std::uint16_t port = 5432;
  std::string database;
  std::string user;
  std::string password;                          ///< empty: none, or from libpq's password file
  std::string sslmode = "prefer";                ///< one of libpq's modes
  std::string sslrootcert;                       ///< file; empty: libpq's default
  std::vector<std::string> schemas = {"public"}; ///< the project's schemas: the search_path
  std::string own_schema = "millrace";           ///< the schema of Millrace's own tables
  std::string application_name = "millrace";
  std::chrono::seconds connect_timeout{5};
};

/// A column of a query's result, as PostgreSQL describes it.
struct described_column {
  std::string name;
  column_type type = column_type::other; ///< a domain's base type
  std::string type_name;                 ///< as format_type() prints it
  int precision = 0;                     ///< numeric(p,s) with its modifier (a plain column); else 0
  int scale = 0;
  std::uint32_t table = 0; ///< OID of its table if it is a plain column; 0: computed
  std::int16_t number = 0; ///< its attribute number in that table
};

/// The result of PREPARE and Describe for a query. `refused` is set if PostgreSQL rejects the query.
struct description {
  struct refusal {
    std::string message;
    std::string hint; ///< can be empty
    int position = 0; ///< in characters of the query, from 1; 0: unknown
  };
  std::vector<described_column> columns;
  std::optional<refusal> refused;
};

/// One row of a result: text per column, nullopt for NULL.
using text_row = std::vector<std::optional<std::string>>;

struct text_rows {
  std::vector<std::string> columns;
  std::vector<text_row> rows;
};

struct slot_state {
  bool exists = false;
  bool active = false;
  lsn confirmed_flush; ///< 0: none yet
  lsn restart;         ///< no open transaction has written before it; 0: none yet
  std::uint64_t retained_wal_bytes = 0;
  std::string wal_status; ///< reserved, extended, unreserved, lost
};

class session {
 public:
  /// Connects, and pins the settings that a role or a database can change: TimeZone UTC, DateStyle ISO,
  /// IntervalStyle postgres, bytea_output hex, extra_float_digits 1, the search_path, no time limits but
  /// 30 s of waiting for a lock, and row_security off. With row_security off, a statement whose rows a policy
  /// would filter is `denied`.
  static result<session> open(const settings&);
  ~session();
  session(session&&) noexcept;
  session& operator=(session&&) noexcept;

  /// Returns the tables, views and other relations of all schemas except PostgreSQL's own, ordered by schema
  /// and name.
  result<std::vector<table>> load_catalog();
  /// Returns the columns of a query's result. Doesn't run the query.
  result<description> describe(const std::string& sql);

  /// Returns the query's rows, from the snapshot if one is open.
  result<text_rows> query_rows(const std::string& sql);
  /// Calls `each` for one row after the other, so that memory stays bounded. `each` returns whether to
  /// continue, and must not call the session.
  result<void> for_each_row(const std::string& sql, const std::function<bool(const text_row&)>& each);
  /// Begins a read-only REPEATABLE READ snapshot. end_snapshot() ends it.
  result<void> begin_snapshot();
  result<void> end_snapshot();

  /// Runs one or more statements without a result. Returns the rows that the last one changed.
  result<std::uint64_t> execute(const std::string& sql);
  /// Runs `COPY t (...) FROM STDIN` with `data` in COPY's text format. Returns the rows copied.
  result<std::uint64_t> copy_in(const std::string& copy_statement, std::string_view data);

  /// Writes a marker into the WAL in its own transaction. Returns the WAL's end just after it.
  result<lsn> emit_marker(const std::string& id);
  result<lsn> current_wal_lsn();
  /// Returns the end of everything in the WAL, also of what isn't written to its files yet. Nothing that a
  /// slot has shown is beyond it.
  result<lsn> wal_insert_lsn();
  /// Returns a transaction ID (txid). Every later transaction has a greater one.
  result<std::uint64_t> next_transaction();
  /// Returns a description of the open transactions with a lower ID. Empty if there are none.
  result<std::string> open_before(std::uint64_t number);
  /// Returns the system identifier as text. LSNs are comparable only between equal identifiers.
  result<std::string> system_identifier();
  result<slot_state> slot(const std::string& name);
  /// Sends a signal to Debezium: a row in its table debezium_signal. Does nothing if the ID exists.
  result<void> insert_signal(const std::string& id, const std::string& type, const std::string& data);

  const settings& configuration() const;

 private:
  struct impl;
  explicit session(std::unique_ptr<impl>);
  std::unique_ptr<impl> impl_;
};

/// Returns the name in double quotes.
std::string quoted_name(std::string_view);
/// Returns whether a name needs no quotes, unless it is a keyword.
bool is_plain_name(std::string_view);
/// Returns the name, in quotes only if it isn't plain.
std::string written_name(std::string_view);
/// Returns the text as a SQL literal.
std::string quoted_text(std::string_view);
/// Parses PostgreSQL's form of an LSN ("16/B374D848"). Returns 0 for any other text.
lsn lsn_from_text(std::string_view);
std::string to_text(lsn);

} // namespace millrace::postgres
