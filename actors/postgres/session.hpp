#pragma once

/// A pinned session with PostgreSQL: the catalog, what a query's columns are,
/// rows as text, markers in the log, the slot. Not thread-safe: one thread each.
///
/// Errors are `unavailable` (no server, connection lost: the next call connects
/// again, except within a snapshot), `denied` (password or right missing) or
/// `bad_setting` (everything else the server refuses). None shows the password.

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
  std::string host = "127.0.0.1"; ///< or the folder of a Unix socket
  std::uint16_t port = 5432;
  std::string database;
  std::string user;
  std::string password;                          ///< empty: none, or libpq's own password file
  std::string sslmode = "prefer";                ///< as libpq has it
  std::string sslrootcert;                       ///< file; empty: libpq's default
  std::vector<std::string> schemas = {"public"}; ///< the project's: the search_path
  std::string own_schema = "millrace";           ///< where Millrace's own tables are
  std::string application_name = "millrace";
  std::chrono::seconds connect_timeout{5};
};

/// A column of a query's result, as PostgreSQL describes it.
struct described_column {
  std::string name;
  column_type type = column_type::other; ///< a domain's base type
  std::string type_name;                 ///< as format_type() prints it
  int precision = 0;                     ///< numeric(p,s) that kept its modifier (a plain column); else 0
  int scale = 0;
  std::uint32_t table = 0; ///< oid of the table it comes from unchanged; 0 = computed
  std::int16_t number = 0; ///< its attribute number there
};

/// What PREPARE and Describe say of a query; `refused` if PostgreSQL refuses it.
struct description {
  struct refusal {
    std::string message;
    std::string hint; ///< may be empty
    int position = 0; ///< in characters of the query, from 1; 0 = unknown
  };
  std::vector<described_column> columns;
  std::optional<refusal> refused;
};

/// One row of a result: text, or nullopt for NULL.
using text_row = std::vector<std::optional<std::string>>;

struct text_rows {
  std::vector<std::string> columns;
  std::vector<text_row> rows;
};

struct slot_state {
  bool exists = false;
  bool active = false;
  lsn confirmed_flush; ///< 0 = none yet
  lsn restart;         ///< no transaction that is open has written before it; 0 = none yet
  std::uint64_t retained_wal_bytes = 0;
  std::string wal_status; ///< reserved, extended, unreserved, lost
};

class session {
 public:
  /// Connects and pins what a role or a database may set: TimeZone UTC, DateStyle
  /// ISO, IntervalStyle postgres, bytea_output hex, extra_float_digits 1, the
  /// search_path, no time limits, and row_security off: a statement whose rows a
  /// policy would filter is `denied`.
  static result<session> open(const settings&);
  ~session();
  session(session&&) noexcept;
  session& operator=(session&&) noexcept;

  /// Returns the tables, views and so on of all schemas but PostgreSQL's own, in
  /// order of schema and name.
  result<std::vector<table>> load_catalog();
  /// Asks PostgreSQL for the result's columns without running the query.
  result<description> describe(const std::string& sql);

  /// Returns the query's rows: of the snapshot, if one was begun.
  result<text_rows> query_rows(const std::string& sql);
  /// The same row by row, so that memory stays bounded. `each` mustn't call the session;
  /// it returns whether it wants more rows.
  result<void> for_each_row(const std::string& sql, const std::function<bool(const text_row&)>& each);
  /// Begins a read-only REPEATABLE READ snapshot, which ends by end_snapshot().
  result<void> begin_snapshot();
  result<void> end_snapshot();

  /// Runs one or more statements without a result; returns the rows touched by the last.
  result<std::uint64_t> execute(const std::string& sql);
  /// Runs `COPY t (...) FROM STDIN` with `data` in COPY's text format.
  result<std::uint64_t> copy_in(const std::string& copy_statement, std::string_view data);

  /// Writes a marker into the log, in a transaction of its own, and returns the
  /// log's end just behind it.
  result<lsn> emit_marker(const std::string& id);
  result<lsn> current_wal_lsn();
  /// Returns a transaction's number (txid) that every transaction from now on exceeds.
  result<std::uint64_t> next_transaction();
  /// Returns transactions with a lower number that are open, in words; none: empty.
  result<std::string> open_before(std::uint64_t number);
  /// Returns the database cluster's number, as text: LSNs mean something only within it.
  result<std::string> system_identifier();
  result<slot_state> slot(const std::string& name);
  /// Asks Debezium for something: a row in its debezium_signal. The same id
  /// again does nothing.
  result<void> insert_signal(const std::string& id, const std::string& type, const std::string& data);

  const settings& configuration() const;

 private:
  struct impl;
  explicit session(std::unique_ptr<impl>);
  std::unique_ptr<impl> impl_;
};

/// Returns the name in quotes.
std::string quoted_name(std::string_view);
/// Tells whether a name, unless it's a keyword, is the same without quotes.
bool is_plain_name(std::string_view);
/// Returns a name as one would write it: in quotes if it isn't plain.
std::string written_name(std::string_view);
/// Returns the text as a SQL literal.
std::string quoted_text(std::string_view);
/// Reads PostgreSQL's form of an LSN ("16/B374D848"); 0 if it isn't one.
lsn lsn_from_text(std::string_view);
std::string to_text(lsn);

} // namespace millrace::postgres
