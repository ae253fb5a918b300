#include "actors/postgres/session.hpp"

#include "actors/postgres/connection.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

namespace millrace::postgres {

std::optional<std::string> field_of(const PGresult* from, int row, int column) {
  if (PQgetisnull(from, row, column))
    return std::nullopt;
  return std::string(PQgetvalue(from, row, column), static_cast<std::size_t>(PQgetlength(from, row, column)));
}

text_row row_of(const PGresult* from, int row) {
  text_row out;
  out.reserve(static_cast<std::size_t>(PQnfields(from)));
  for (int i = 0; i < PQnfields(from); ++i)
    out.push_back(field_of(from, row, i));
  return out;
}

result<void> session::impl::ensure() {
  if (db && PQstatus(db.get()) == CONNECTION_OK)
    return {};
  if (std::exchange(in_snapshot, false))
    return error{errc::unavailable, "PostgreSQL: connection lost, and the snapshot with it"};
  auto again = connect(to);
  if (!again)
    return again.why();
  db = std::move(*again);
  return {};
}

result<pg_result> session::impl::run(const std::string& sql, const std::vector<std::string>& parameters) {
  if (auto ready = ensure(); !ready)
    return ready.why();
  std::vector<const char*> values;
  for (auto& x : parameters)
    values.push_back(x.c_str());
  pg_result done(PQexecParams(db.get(), sql.c_str(), static_cast<int>(values.size()), nullptr, values.data(),
                              nullptr, nullptr, 0));
  auto status = PQresultStatus(done.get());
  if (status != PGRES_TUPLES_OK && status != PGRES_COMMAND_OK)
    return error_of(db.get(), done.get());
  return done;
}

result<std::string> session::impl::value_of(const std::string& sql,
                                            const std::vector<std::string>& parameters) {
  auto done = run(sql, parameters);
  if (!done)
    return done.why();
  if (PQntuples(done->get()) != 1)
    return error{errc::bad_setting, "PostgreSQL: no single row from: " + sql};
  return field_of(done->get(), 0, 0).value_or("");
}

session::session(std::unique_ptr<impl> x) : impl_(std::move(x)) {}
session::~session() = default;
session::session(session&&) noexcept = default;
session& session::operator=(session&&) noexcept = default;

const settings& session::configuration() const { return impl_->to; }

result<session> session::open(const settings& to) {
  auto db = connect(to);
  if (!db)
    return db.why();
  auto inside = std::make_unique<impl>();
  inside->to = to;
  inside->db = std::move(*db);
  return session(std::move(inside));
}

result<text_rows> session::query_rows(const std::string& sql) {
  auto done = impl_->run(sql);
  if (!done)
    return done.why();
  text_rows out;
  for (int i = 0; i < PQnfields(done->get()); ++i)
    out.columns.emplace_back(PQfname(done->get(), i));
  for (int i = 0; i < PQntuples(done->get()); ++i)
    out.rows.push_back(row_of(done->get(), i));
  return out;
}

namespace {

/// Asks the server to cancel the query. The query's result says whether it did.
void cancel(PGconn* db) {
  std::unique_ptr<PGcancel, decltype(&PQfreeCancel)> how(PQgetCancel(db), PQfreeCancel);
  char why[256];
  if (how)
    PQcancel(how.get(), why, sizeof why);
}

} // namespace

result<void> session::for_each_row(const std::string& sql, const std::function<bool(const text_row&)>& each) {
  if (auto ready = impl_->ensure(); !ready)
    return ready.why();
  auto* db = impl_->db.get();
  if (!PQsendQueryParams(db, sql.c_str(), 0, nullptr, nullptr, nullptr, nullptr, 0)
      || !PQsetSingleRowMode(db))
    return error_of(db, nullptr);
  std::optional<error> failed;
  auto wanted = true;
  while (pg_result next{PQgetResult(db)}) { // reads to the end, otherwise the connection stays busy
    auto status = PQresultStatus(next.get());
    if (status == PGRES_SINGLE_TUPLE && wanted) {
      wanted = each(row_of(next.get(), 0));
      if (!wanted)
        cancel(db);
    } else if (status != PGRES_SINGLE_TUPLE && status != PGRES_TUPLES_OK && status != PGRES_COMMAND_OK) {
      failed = error_of(db, next.get());
    }
  }
  if (failed && wanted)
    return *failed;
  return {};
}

result<void> session::begin_snapshot() {
  auto begun = execute("BEGIN TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY");
  if (!begun)
    return begun.why();
  impl_->in_snapshot = true;
  return {};
}

result<void> session::end_snapshot() {
  if (!impl_->in_snapshot)
    return {};
  auto ended = execute("ROLLBACK");
  impl_->in_snapshot = false;
  if (!ended)
    return ended.why();
  return {};
}

result<std::uint64_t> session::execute(const std::string& sql) {
  if (auto ready = impl_->ensure(); !ready)
    return ready.why();
  pg_result done(PQexec(impl_->db.get(), sql.c_str()));
  auto status = PQresultStatus(done.get());
  if (status != PGRES_TUPLES_OK && status != PGRES_COMMAND_OK && status != PGRES_EMPTY_QUERY)
    return error_of(impl_->db.get(), done.get());
  return std::strtoull(PQcmdTuples(done.get()), nullptr, 10);
}

result<std::uint64_t> session::copy_in(const std::string& copy_statement, std::string_view data) {
  if (auto ready = impl_->ensure(); !ready)
    return ready.why();
  auto* db = impl_->db.get();
  pg_result begun(PQexec(db, copy_statement.c_str()));
  if (PQresultStatus(begun.get()) != PGRES_COPY_IN)
    return error_of(db, begun.get());
  constexpr std::size_t piece = 1 << 20;
  bool sent = true;
  for (; sent && !data.empty(); data.remove_prefix(std::min(piece, data.size())))
    sent = PQputCopyData(db, data.data(), static_cast<int>(std::min(piece, data.size()))) == 1;
  sent = PQputCopyEnd(db, nullptr) == 1 && sent;
  pg_result done(PQgetResult(db));
  while (pg_result rest{PQgetResult(db)}) {
  }
  if (!sent || PQresultStatus(done.get()) != PGRES_COMMAND_OK)
    return error_of(db, done.get());
  return std::strtoull(PQcmdTuples(done.get()), nullptr, 10);
}

std::string quoted_name(std::string_view name) {
  std::string out = "\"";
  for (auto c : name)
    out += c == '"' ? std::string("\"\"") : std::string(1, c);
  return out + "\"";
}

bool is_plain_name(std::string_view name) {
  return !name.empty() && name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_") == name.npos
         && !(name[0] >= '0' && name[0] <= '9');
}

std::string written_name(std::string_view name) {
  return is_plain_name(name) ? std::string(name) : quoted_name(name);
}

std::string quoted_text(std::string_view text) {
  // An E'' literal if the text has a backslash: correct with any setting of the session.
  std::string out = text.find('\\') == text.npos ? "'" : "E'";
  for (auto c : text)
    out += c == '\'' ? "''" : c == '\\' ? "\\\\" : std::string(1, c);
  return out + "'";
}

} // namespace millrace::postgres
