#include "actors/sources/postgres/copy_out.hpp"

#include "actors/sources/postgres/command.hpp"

#include <poll.h>

namespace millrace::postgres {

using std::chrono::milliseconds;

namespace {

struct memory_deleter {
  void operator()(char* x) const { PQfreemem(x); }
};

constexpr milliseconds command_timeout{30'000};

std::string name_of(const table& x) { return quoted_name(x.schema) + "." + quoted_name(x.name); }

/// Compares pg_class, as the snapshot shows it, with pg_relation_filenode(), as it is now. NULL for what
/// isn't a table in the snapshot.
std::string rewritten_query(const table& x) {
  auto id = quoted_text(name_of(x)) + "::pg_catalog.regclass";
  return "SELECT coalesce(bool_or(c.relfilenode IS DISTINCT FROM pg_catalog.pg_relation_filenode(c.oid)) "
         "FILTER "
         "(WHERE c.relkind = 'r'), bool_and(c.relkind <> 'p')) FROM pg_catalog.pg_class c WHERE c.oid = "
         + id + " OR c.oid IN (SELECT relid FROM pg_catalog.pg_partition_tree(" + id + "))";
}

/// COPY of a name refuses views, whose functions would run with our rights.
std::string copy_command(const table& x, const std::vector<std::uint16_t>& columns) {
  std::string names;
  for (auto i : columns)
    names += (names.empty() ? "" : ", ") + quoted_name(x.columns[i].name);
  return x.kind == table_kind::partitioned ? "COPY (SELECT " + names + " FROM " + name_of(x) + ") TO STDOUT"
                                           : "COPY " + name_of(x) + " (" + names + ") TO STDOUT";
}

} // namespace

struct copy_out::impl {
  pg_connection db;
  std::unique_ptr<char, memory_deleter> row;

  outcome<pg_result> run(const std::string& sql) {
    return run_command(db.get(), sql, command_kind::snapshot, command_timeout);
  }
};

copy_out::copy_out(std::unique_ptr<impl> x) : impl_(std::move(x)) {}
copy_out::~copy_out() = default;
copy_out::copy_out(copy_out&&) noexcept = default;
copy_out& copy_out::operator=(copy_out&&) noexcept = default;

outcome<copy_out> copy_out::open(const settings& to, const std::string& snapshot) {
  auto db = connect(to);
  if (!db)
    return problem_of(db.why());
  auto inside = std::make_unique<impl>();
  inside->db = std::move(*db);
  for (auto& sql : {std::string("BEGIN TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY"),
                    "SET TRANSACTION SNAPSHOT " + quoted_text(snapshot)})
    if (auto done = inside->run(sql); !done)
      return done.why();
  return copy_out(std::move(inside));
}

outcome<void> copy_out::begin(const table& of, const std::vector<std::uint16_t>& columns) {
  auto locked = impl_->run("LOCK TABLE " + name_of(of) + " IN ACCESS SHARE MODE");
  if (!locked)
    return locked.why();
  auto rewritten = impl_->run(rewritten_query(of));
  if (!rewritten)
    return rewritten.why();
  if (field_of(rewritten->get(), 0, 0) != "f")
    return problem{trouble::rewritten,
                   of.schema + "." + of.name + " was rewritten or truncated since the snapshot",
                   "begin the fill again, with a new slot"};
  auto begun = impl_->run(copy_command(of, columns));
  if (!begun)
    return begun.why();
  return {};
}

outcome<copy_out::state> copy_out::next(std::string_view& line, milliseconds wait) {
  auto* db = impl_->db.get();
  for (auto waited = false;; waited = true) {
    char* bytes = nullptr;
    auto size = PQgetCopyData(db, &bytes, 1);
    impl_->row.reset(bytes);
    if (size > 0) {
      line = {bytes, static_cast<std::size_t>(size)};
      return state::row;
    }
    if (size < 0)
      break;
    if (waited)
      return state::waiting;
    pollfd wanted{PQsocket(db), POLLIN, 0};
    ::poll(&wanted, 1, static_cast<int>(wait.count()));
    if (!PQconsumeInput(db))
      return problem_of(error_of(db, nullptr));
  }
  pg_result done(PQgetResult(db));
  if (PQresultStatus(done.get()) != PGRES_COMMAND_OK)
    return rejection(db, done.get(), command_kind::snapshot);
  while (pg_result rest{PQgetResult(db)}) {
  }
  return state::end;
}

} // namespace millrace::postgres
