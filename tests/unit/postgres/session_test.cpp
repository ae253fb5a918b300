#define CAF_SUITE postgres.session
#include "actors/postgres/session.hpp"

#include "tests/unit/postgres_server.hpp"

#include <algorithm>

#include "caf/test/unit_test.hpp"

using namespace millrace;
using namespace millrace::postgres;

namespace {

test::postgres_server& server() {
  static auto one = test::postgres_server::start(15600);
  return *one;
}

session open(settings to) {
  auto opened = session::open(to);
  if (!opened)
    CAF_FAIL("can't connect: " << opened.why().message);
  return std::move(*opened);
}

session open() { return open(server().settings()); }

/// A database of its own, so that no test sees another's tables.
session fresh(const std::string& name) {
  auto db = open();
  CAF_REQUIRE(db.execute("CREATE DATABASE " + quoted_name(name)));
  auto to = server().settings();
  to.database = name;
  return open(to);
}

void run(session& db, const std::string& sql) {
  if (auto done = db.execute(sql); !done)
    CAF_FAIL(done.why().message << " in " << sql);
}

/// The first row's first value.
std::string one(session& db, const std::string& sql) {
  auto got = db.query_rows(sql);
  if (!got || got->rows.empty())
    return got ? "(no row)" : got.why().message;
  return got->rows[0][0].value_or("(null)");
}

const table& table_of(const std::vector<table>& all, const std::string& name) {
  auto at = std::find_if(all.begin(), all.end(), [&](auto& x) { return x.name == name; });
  if (at == all.end())
    CAF_FAIL("no table " << name);
  return *at;
}

} // namespace

CAF_TEST(the session is pinned whatever the database says) {
  auto db = fresh("pinned");
  run(db,
      "ALTER DATABASE pinned SET TimeZone = 'Asia/Tokyo'; ALTER DATABASE pinned SET DateStyle = 'German';"
      "ALTER DATABASE pinned SET extra_float_digits = -3; ALTER DATABASE pinned SET bytea_output = 'escape'");
  auto again = open(db.configuration());
  auto got = again.query_rows(
      "SELECT timestamptz '2024-02-03 04:05:06+00', interval '1 day 2 hours', '\\x01'::bytea,"
      " 0.1::real + 0.2::real, current_setting('search_path')");
  CAF_REQUIRE(got);
  CAF_CHECK_EQUAL(got->rows[0][0], "2024-02-03 04:05:06+00");
  CAF_CHECK_EQUAL(got->rows[0][1], "1 day 02:00:00");
  CAF_CHECK_EQUAL(got->rows[0][2], "\\x01");
  CAF_CHECK_EQUAL(got->rows[0][3], "0.3");
  CAF_CHECK_EQUAL(got->rows[0][4], "public");
}

CAF_TEST(no setting of a role or a database changes how a session reads) {
  auto db = fresh("unsettled");
  run(db, "CREATE ROLE unsettled LOGIN");
  for (auto setting :
       {"statement_timeout = '5s'", "lock_timeout = 1", "idle_in_transaction_session_timeout = 2000",
        "idle_session_timeout = 2000", "client_encoding = 'LATIN1'", "standard_conforming_strings = off",
        "transform_null_equals = on", "quote_all_identifiers = on",
        "default_transaction_isolation = serializable", "default_transaction_read_only = on",
        "default_transaction_deferrable = on", "IntervalStyle = iso_8601", "DateStyle = 'SQL, DMY'",
        "search_path = pg_catalog"})
    run(db, "ALTER " + std::string(setting[0] == 's' || setting[0] == 'd' ? "ROLE" : "DATABASE")
                + " unsettled SET " + setting);
  auto to = db.configuration();
  auto plain = session::open(server().settings());
  to.user = "unsettled";
  auto again = open(to);
  auto pinned =
      "SELECT string_agg(name || '=' || setting, ', ' ORDER BY name) FROM pg_settings WHERE name IN "
      "('statement_timeout', 'lock_timeout', 'idle_in_transaction_session_timeout', "
      "'idle_session_timeout', 'client_encoding', 'standard_conforming_strings', "
      "'transform_null_equals', 'quote_all_identifiers', 'default_transaction_isolation', "
      "'default_transaction_read_only', 'default_transaction_deferrable', 'IntervalStyle', "
      "'DateStyle', 'search_path', 'row_security')";
  CAF_REQUIRE(plain);
  CAF_CHECK_EQUAL(one(again, pinned), one(*plain, pinned));
}

CAF_TEST(a statement that waits for a lock ends after a while and says so) {
  auto db = fresh("locked");
  run(db, "CREATE TABLE t (id int PRIMARY KEY)");
  auto other = open(db.configuration());
  run(other, "BEGIN");
  run(other, "LOCK TABLE t");
  run(db, "SET lock_timeout = '100ms'");
  auto read = db.query_rows("SELECT id FROM t");
  CAF_REQUIRE(!read);
  CAF_CHECK(read.why().code == errc::unavailable);
  CAF_CHECK(read.why().message.find("another session holds a lock on the table") != std::string::npos);
}

CAF_TEST(a statement whose rows a policy would filter is denied) {
  auto db = fresh("policed");
  run(db, "CREATE ROLE policed LOGIN; CREATE TABLE t (id int PRIMARY KEY); INSERT INTO t VALUES (1), (2);"
          "ALTER TABLE t ENABLE ROW LEVEL SECURITY; CREATE POLICY p ON t USING (id = 1);"
          "GRANT SELECT ON t TO policed");
  auto to = db.configuration();
  to.user = "policed";
  auto filtered = open(to);
  auto refused = filtered.query_rows("SELECT count(*) FROM t");
  CAF_REQUIRE(!refused);
  CAF_CHECK(refused.why().code == errc::denied);
  run(db, "ALTER ROLE policed BYPASSRLS");
  CAF_CHECK_EQUAL(one(filtered, "SELECT count(*) FROM t"), "2");
}

CAF_TEST(a wrong password is denied and never shown) {
  auto strict = test::postgres_server::start(15604);
  auto admin = open(strict->settings());
  run(admin, "CREATE ROLE careful LOGIN PASSWORD 'right'");
  auto file = admin.query_rows("SELECT current_setting('hba_file')");
  CAF_REQUIRE(file);
  run(admin, "COPY (SELECT 'host all careful 127.0.0.1/32 scram-sha-256' UNION ALL "
             "SELECT 'host all postgres 127.0.0.1/32 trust') TO "
                 + quoted_text(*file->rows[0][0]));
  CAF_REQUIRE(admin.query_rows("SELECT pg_reload_conf()"));
  auto to = strict->settings();
  to.user = "careful";
  to.password = "surely-wrong";
  auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds{10};
  auto refused = session::open(to);
  while (refused && std::chrono::steady_clock::now() < deadline) // until the new file is read
    refused = session::open(to);
  CAF_REQUIRE(!refused);
  CAF_CHECK(refused.why().code == errc::denied);
  CAF_CHECK(refused.why().message.find("password authentication failed") != std::string::npos);
  CAF_CHECK(refused.why().message.find("surely-wrong") == std::string::npos);
  to.password = "right";
  CAF_CHECK(session::open(to));
}

CAF_TEST(no server is unavailable and no such database is a bad setting) {
  auto to = server().settings();
  to.database = "no_such_database";
  auto unknown = session::open(to);
  CAF_REQUIRE(!unknown);
  CAF_CHECK(unknown.why().code == errc::bad_setting);
  to.port = 1;
  auto nobody = session::open(to);
  CAF_REQUIRE(!nobody);
  CAF_CHECK(nobody.why().code == errc::unavailable);
}

CAF_TEST(a lost connection is found again but a snapshot is not ) {
  auto db = open();
  auto other = open();
  auto end_it = [&] {
    auto pid = db.query_rows("SELECT pg_backend_pid()");
    CAF_REQUIRE(pid);
    CAF_REQUIRE(other.query_rows("SELECT pg_terminate_backend(" + *pid->rows[0][0] + ", 5000)"));
  };
  end_it();
  auto first = db.query_rows("SELECT 1");
  CAF_REQUIRE(!first);
  CAF_CHECK(first.why().code == errc::unavailable);
  CAF_CHECK(db.query_rows("SELECT 1"));
  CAF_REQUIRE(db.begin_snapshot());
  end_it();
  CAF_CHECK(!db.query_rows("SELECT 1"));
  auto within = db.query_rows("SELECT 1");
  CAF_REQUIRE(!within);
  CAF_CHECK(within.why().message.find("snapshot") != std::string::npos);
  CAF_CHECK(db.query_rows("SELECT 1"));
}

CAF_TEST(queries of one snapshot see one instant) {
  auto db = fresh("instant");
  run(db, "CREATE TABLE t (id int PRIMARY KEY); INSERT INTO t VALUES (1)");
  auto writer = open(db.configuration());
  CAF_REQUIRE(db.begin_snapshot());
  CAF_CHECK_EQUAL(one(db, "SELECT count(*) FROM t"), "1");
  run(writer, "INSERT INTO t VALUES (2)");
  CAF_CHECK_EQUAL(one(db, "SELECT count(*) FROM t"), "1");
  CAF_REQUIRE(db.end_snapshot());
  CAF_CHECK_EQUAL(one(db, "SELECT count(*) FROM t"), "2");
}

CAF_TEST(rows come one by one and an error in the middle is told) {
  auto db = open();
  int seen = 0;
  CAF_CHECK(
      db.for_each_row("SELECT * FROM generate_series(1, 1000)", [&](const text_row&) { return ++seen > 0; }));
  CAF_CHECK_EQUAL(seen, 1000);
  auto broken = db.for_each_row("SELECT 1 / (500 - x) FROM generate_series(1, 1000) x",
                                [](const text_row&) { return true; });
  CAF_REQUIRE(!broken);
  CAF_CHECK(broken.why().message.find("division by zero") != std::string::npos);
  CAF_CHECK(db.query_rows("SELECT 1"));
}

CAF_TEST(rows that are no longer wanted are not sent and the session continues) {
  auto db = open();
  int seen = 0;
  CAF_CHECK(db.for_each_row("SELECT * FROM generate_series(1, 100000000)",
                            [&](const text_row&) { return ++seen < 3; }));
  CAF_CHECK_EQUAL(seen, 3);
  CAF_CHECK_EQUAL(one(db, "SELECT 7"), "7");
}

CAF_TEST(a transaction that is open is named until it ends) {
  auto writer = open(), reader = open();
  run(writer, "CREATE TABLE written (id int)");
  run(writer, "BEGIN");
  run(writer, "INSERT INTO written VALUES (1)");
  auto next = reader.next_transaction();
  CAF_REQUIRE(next);
  auto who = reader.open_before(*next);
  CAF_REQUIRE(who);
  CAF_CHECK(who->find("process") != std::string::npos);
  run(writer, "COMMIT");
  CAF_CHECK_EQUAL(*reader.open_before(*next), "");
}

CAF_TEST(a transaction that begins after the number is not waited for) {
  auto writer = open(), reader = open();
  auto next = reader.next_transaction();
  CAF_REQUIRE(next);
  run(writer, "CREATE TABLE written_later (id int)");
  run(writer, "BEGIN");
  run(writer, "INSERT INTO written_later VALUES (1)");
  CAF_CHECK_EQUAL(*reader.open_before(*next), "");
  run(writer, "ROLLBACK");
}

CAF_TEST(the catalog tells columns keys and identity) {
  auto db = fresh("catalog");
  run(db,
      "CREATE SCHEMA \"Läden\"; CREATE DOMAIN price AS numeric(10,2); CREATE DOMAIN fare AS price NOT NULL;"
      "CREATE DOMAIN moment AS timestamp(3); CREATE DOMAIN late AS moment; CREATE DOMAIN later AS late CHECK "
      "(VALUE "
      "> '1970-01-01'); CREATE DOMAIN clock AS time(2); CREATE DOMAIN hundreds AS numeric(5,-2);"
      "CREATE TYPE mood AS ENUM ('sad', 'ok'); CREATE DOMAIN mine AS mood; CREATE DOMAIN ours AS mine;"
      "CREATE COLLATION loose (provider = icu, locale = 'und', deterministic = false);"
      "CREATE TABLE \"Läden\".\"Ärger \"\"x\"\"\" (b int, a text, PRIMARY KEY (b, a));"
      "CREATE TABLE kinds (gone int, id bigint PRIMARY KEY DEFERRABLE, n numeric(18,4), m numeric, k "
      "numeric(20,2),"
      " neg numeric(5,-2), d price, f fare, e mood, o ours, t text COLLATE loose, i inet, c char(3), "
      " twice bigint GENERATED ALWAYS AS (id * 2) STORED, ts timestamp(3), ts6 timestamp, deep later, clock "
      "clock,"
      " round hundreds, list later[], x int, y text,"
      " FOREIGN KEY (x, y) REFERENCES \"Läden\".\"Ärger \"\"x\"\"\" (b, a));"
      "ALTER TABLE kinds DROP COLUMN gone; ALTER TABLE kinds REPLICA IDENTITY FULL;"
      "CREATE VIEW seen AS SELECT 1 AS one; CREATE TABLE parts (id int) PARTITION BY LIST (id);"
      "CREATE TABLE part PARTITION OF parts DEFAULT");
  auto all = db.load_catalog();
  if (!all)
    CAF_FAIL(all.why().message);
  auto& kinds = table_of(*all, "kinds");
  auto type = [&](const std::string& name) { return kinds.columns[kinds.find(name).value()].type; };
  CAF_CHECK(!kinds.find("gone"));
  CAF_CHECK(kinds.deferrable_key && kinds.full_identity);
  CAF_CHECK(kinds.primary_key == std::vector<std::uint16_t>{0});
  CAF_CHECK(type("id") == column_type::bigint);
  CAF_CHECK(type("n") == column_type::numeric);
  CAF_CHECK_EQUAL(kinds.columns[1].precision, 18);
  CAF_CHECK_EQUAL(kinds.columns[1].scale, 4);
  CAF_CHECK(type("m") == column_type::numeric_unscaled);
  CAF_CHECK(type("k") == column_type::numeric_unscaled);
  CAF_CHECK(type("neg") == column_type::numeric_unscaled);
  CAF_CHECK(type("d") == column_type::numeric);
  CAF_CHECK(type("f") == column_type::numeric);
  CAF_CHECK_EQUAL(kinds.columns[kinds.find("f").value()].scale, 2);
  CAF_CHECK(kinds.columns[kinds.find("f").value()].not_null);
  CAF_CHECK(type("e") == column_type::enumeration);
  CAF_CHECK(!kinds.columns[kinds.find("e").value()].domain);
  CAF_CHECK(type("o") == column_type::enumeration);
  CAF_CHECK(kinds.columns[kinds.find("o").value()].domain);
  CAF_CHECK(type("i") == column_type::other);
  CAF_CHECK(type("c") == column_type::bpchar);
  CAF_CHECK(!kinds.columns[kinds.find("t").value()].deterministic);
  CAF_CHECK(kinds.columns[kinds.find("twice").value()].generated);
  CAF_CHECK_EQUAL(kinds.columns[kinds.find("ts").value()].type_name, "timestamp(3) without time zone");
  auto fraction = [&](const std::string& name) { return kinds.columns[kinds.find(name).value()].fraction; };
  CAF_CHECK_EQUAL(fraction("ts"), 3);
  CAF_CHECK_EQUAL(fraction("ts6"), 6);
  CAF_CHECK_EQUAL(fraction("deep"), 3);
  CAF_CHECK_EQUAL(fraction("clock"), 2);
  CAF_CHECK(type("deep") == column_type::timestamp);
  CAF_CHECK(type("clock") == column_type::time);
  CAF_CHECK(type("list") == column_type::other);
  CAF_CHECK_EQUAL(kinds.columns[kinds.find("round").value()].precision, 5);
  CAF_CHECK_EQUAL(kinds.columns[kinds.find("round").value()].scale, -2);
  CAF_REQUIRE(kinds.foreign_keys.size() == 1);
  CAF_CHECK_EQUAL(kinds.foreign_keys[0].table, "Ärger \"x\"");
  CAF_CHECK_EQUAL(kinds.foreign_keys[0].schema, "Läden");
  CAF_CHECK(kinds.foreign_keys[0].referred == (std::vector<std::string>{"b", "a"}));
  auto& odd = table_of(*all, "Ärger \"x\"");
  CAF_CHECK(odd.primary_key == (std::vector<std::uint16_t>{0, 1}));
  CAF_CHECK(!odd.full_identity);
  CAF_CHECK(table_of(*all, "seen").kind == table_kind::view);
  CAF_CHECK(table_of(*all, "parts").kind == table_kind::partitioned);
  CAF_CHECK(table_of(*all, "part").kind == table_kind::partition);
}

CAF_TEST(describe tells types and where a refusal is) {
  auto db = fresh("described");
  run(db, "CREATE DOMAIN price AS numeric(10,2); CREATE TYPE mood AS ENUM ('ok');"
          "CREATE TABLE t (id int PRIMARY KEY, p price, m mood)");
  auto good = db.describe("SELECT id, p, m, sum(p) AS s, count(*) FROM t GROUP BY id");
  CAF_REQUIRE(good && !good->refused);
  CAF_CHECK_EQUAL(good->columns.size(), 5u);
  CAF_CHECK(good->columns[1].type == column_type::numeric && good->columns[1].scale == 2);
  CAF_CHECK_EQUAL(good->columns[1].number, 2);
  CAF_CHECK(good->columns[2].type == column_type::enumeration);
  CAF_CHECK(good->columns[3].type == column_type::numeric_unscaled && good->columns[3].table == 0);
  CAF_CHECK_EQUAL(good->columns[4].type_name, "bigint");
  auto bad = db.describe("SELECT id, nothing FROM t");
  CAF_REQUIRE(bad && bad->refused);
  CAF_CHECK_EQUAL(bad->refused->position, 12);
  CAF_CHECK(bad->refused->message.find("nothing") != std::string::npos);
}

CAF_TEST(a marker lies in the log and the slot tells how far it was read) {
  auto db = fresh("log");
  auto before = db.current_wal_lsn();
  auto marker = db.emit_marker("here");
  CAF_REQUIRE(before && marker);
  CAF_CHECK(*marker > *before);
  CAF_CHECK(lsn_from_text(to_text(*marker)) == *marker);
  auto none = db.slot("shop");
  CAF_REQUIRE(none);
  CAF_CHECK(!none->exists);
  CAF_REQUIRE(db.query_rows("SELECT pg_create_logical_replication_slot('shop', 'pgoutput')"));
  auto there = db.slot("shop");
  CAF_REQUIRE(there);
  CAF_CHECK(there->exists && !there->active && there->confirmed_flush > *marker);
  CAF_CHECK(there->restart.value > 0 && there->restart <= there->confirmed_flush);
  CAF_CHECK_EQUAL(there->wal_status, "reserved");
  auto id = db.system_identifier();
  CAF_REQUIRE(id);
  CAF_CHECK(id->size() > 15);
}

CAF_TEST(a plain role may do what a node does) {
  auto admin = fresh("least");
  run(admin, "CREATE ROLE least LOGIN; CREATE TABLE t (id int PRIMARY KEY)");
  auto to = admin.configuration();
  to.user = "least";
  auto db = open(to);
  CAF_CHECK(db.system_identifier());
  CAF_CHECK(db.current_wal_lsn());
  CAF_CHECK(db.emit_marker("by a plain role"));
  CAF_CHECK(db.slot("nobody"));
  auto all = db.load_catalog();
  CAF_CHECK(all && all->size() == 1);
  auto forbidden = db.query_rows("SELECT * FROM t");
  CAF_REQUIRE(!forbidden);
  CAF_CHECK(forbidden.why().code == errc::denied);
}

CAF_TEST(tables that the log does not tell are no ordinary ones) {
  auto db = fresh("apart");
  run(db, "CREATE UNLOGGED TABLE fast (id int PRIMARY KEY); CREATE TABLE base (id int PRIMARY KEY);"
          "CREATE TABLE heir (PRIMARY KEY (id)) INHERITS (base)");
  auto all = db.load_catalog();
  CAF_REQUIRE(all);
  CAF_CHECK(table_of(*all, "fast").kind == table_kind::other);
  CAF_CHECK(table_of(*all, "base").kind == table_kind::other);
  CAF_CHECK(table_of(*all, "heir").kind == table_kind::ordinary);
}

CAF_TEST(a signal is a row and copy takes a stream) {
  auto db = fresh("signals");
  run(db, "CREATE SCHEMA millrace; CREATE TABLE millrace.debezium_signal (id varchar(64) PRIMARY KEY, type "
          "varchar(32), data text)");
  CAF_CHECK(db.insert_signal("1", "execute-snapshot", R"({"type":"incremental","x":"it's \\"})"));
  CAF_CHECK_EQUAL(one(db, "SELECT data FROM millrace.debezium_signal"),
                  R"({"type":"incremental","x":"it's \\"})");
  auto copied = db.copy_in("COPY millrace.debezium_signal FROM STDIN", "a\tb\t\\N\nc\td\te\n");
  CAF_REQUIRE(copied);
  CAF_CHECK_EQUAL(*copied, 2u);
  auto refused = db.copy_in("COPY millrace.debezium_signal FROM STDIN", "a\tb\t\\N\n");
  CAF_REQUIRE(!refused);
  CAF_CHECK(refused.why().message.find("duplicate key") != std::string::npos);
  CAF_CHECK_EQUAL(one(db, "SELECT " + quoted_text("it's \\ here")), "it's \\ here");
}
