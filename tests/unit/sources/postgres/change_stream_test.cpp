#define CAF_SUITE postgres_stream.change_stream
#include "actors/sources/postgres/change_stream.hpp"

#include "stream_database.hpp"

#include "caf/test/unit_test.hpp"

using namespace millrace;
using namespace millrace::postgres;
using namespace millrace::test;

namespace {

constexpr auto items = "CREATE TABLE items (id bigint PRIMARY KEY, owner int, note text)";

std::vector<transaction_end> ends_of(const std::vector<stream_event>& x) {
  std::vector<transaction_end> out;
  for (auto& each : x)
    if (auto* end = std::get_if<transaction_end>(&each))
      out.push_back(*end);
  return out;
}

/// Positions that only grow, as text.
bool grow(const std::vector<row_change>& x) {
  return std::adjacent_find(x.begin(), x.end(), [](auto& a, auto& b) { return a.at >= b.at; }) == x.end();
}

} // namespace

CAF_TEST(inserts and updates and deletes come in the order of their commits) {
  stream_database x("order", items);
  auto other = x.session();
  CAF_REQUIRE(other.execute("BEGIN; INSERT INTO items VALUES (1, 1, 'late')"));
  x.run("INSERT INTO items VALUES (2, 1, 'early')");
  CAF_REQUIRE(other.execute("COMMIT"));
  x.run("UPDATE items SET note = NULL WHERE id = 2; DELETE FROM items WHERE id = 1");
  auto got = x.changes();
  CAF_CHECK_EQUAL(shown(got), "c 2: 2,1,early | c 1: 1,1,late | u 2: 2,1,null | d 1");
  CAF_CHECK(grow(got));
  auto seconds =
      std::chrono::duration_cast<std::chrono::seconds>(std::chrono::system_clock::now().time_since_epoch()
                                                       - std::chrono::milliseconds{got[0].commit_ms})
          .count();
  CAF_CHECK(seconds >= -1 && seconds < 120);
}

CAF_TEST(rows of one COPY have positions of their own) {
  stream_database x("copied", items);
  std::string data;
  for (int i = 0; i < 3000; ++i)
    data += std::to_string(i) + "\t1\tx\n";
  must(x.db().copy_in("COPY items FROM STDIN", data));
  auto got = x.changes();
  CAF_REQUIRE_EQUAL(got.size(), 3000u);
  CAF_CHECK(grow(got));
  CAF_CHECK(got.front().at.commit == got.back().at.commit);
  for (int i = 0; i < 3000; ++i)
    CAF_REQUIRE_EQUAL(std::get<std::int64_t>(got[static_cast<std::size_t>(i)].key[0]), i);
}

CAF_TEST(an update of the key is a delete and an insert with any identity) {
  stream_database x("keys", items);
  x.run("INSERT INTO items VALUES (1, 1, 'a'); UPDATE items SET id = 2");
  CAF_CHECK_EQUAL(shown(x.changes()), "c 1: 1,1,a | d 1 | c 2: 2,1,a");
  x.run("ALTER TABLE items REPLICA IDENTITY FULL; UPDATE items SET id = 3");
  auto got = x.changes();
  CAF_CHECK_EQUAL(shown(got), "d 2 | c 3: 3,1,a");
  CAF_CHECK(grow(got));
}

CAF_TEST(the old value of a foreign key comes with a full identity alone) {
  stream_database x("routes", items);
  x.plan("owner");
  x.run("INSERT INTO items VALUES (1, 1, 'a'); UPDATE items SET owner = 2");
  auto got = x.read_all();
  CAF_REQUIRE_EQUAL(ends_of(got).size(), 1u);
  CAF_REQUIRE(std::holds_alternative<bad_change>(got[1]));
  CAF_CHECK(std::get<bad_change>(got[1]).why.find("ALTER TABLE public.items REPLICA IDENTITY FULL")
            != std::string::npos);
  x.run("ALTER TABLE items REPLICA IDENTITY FULL; UPDATE items SET owner = 3");
  auto then = x.changes();
  CAF_REQUIRE_EQUAL(then.size(), 1u);
  CAF_REQUIRE(then[0].before);
  CAF_CHECK_EQUAL(shown(*then[0].before), "1,2,null");
}

CAF_TEST(an identity by index identifies rows if it has the primary key) {
  stream_database x(
      "by_index",
      "CREATE TABLE a (id bigint PRIMARY KEY, code int NOT NULL); "
      "CREATE UNIQUE INDEX a_both ON a (id, code); ALTER TABLE a REPLICA IDENTITY USING INDEX a_both;"
      "CREATE TABLE b (id bigint PRIMARY KEY, code int NOT NULL UNIQUE);"
      "ALTER TABLE b REPLICA IDENTITY USING INDEX b_code_key");
  x.run("INSERT INTO a VALUES (1, 1); UPDATE a SET code = 2; UPDATE a SET id = 5; DELETE FROM a");
  CAF_CHECK_EQUAL(shown(x.changes()), "c 1: 1,1 | u 1: 1,2 | d 1 | c 5: 5,2 | d 5");
  x.run("INSERT INTO b VALUES (1, 1); UPDATE b SET id = 2");
  auto got = x.read_all();
  CAF_REQUIRE(std::holds_alternative<bad_change>(got[1]));
  CAF_CHECK(std::get<bad_change>(got[1]).why.find("all columns of the primary key") != std::string::npos);
}

CAF_TEST(a table without identity yields its inserts) {
  stream_database x("nothing", std::string(items) + "; ALTER TABLE items REPLICA IDENTITY NOTHING");
  x.run("INSERT INTO items VALUES (1, 1, 'a')");
  CAF_CHECK(!x.db().execute("UPDATE items SET note = 'b'")); // PostgreSQL refuses it
  CAF_CHECK_EQUAL(shown(x.changes()), "c 1: 1,1,a");
}

CAF_TEST(an unchanged long value is found in a full old row and nowhere else) {
  stream_database x("toast", std::string(items) + "; ALTER TABLE items ALTER note SET STORAGE EXTERNAL");
  x.run("INSERT INTO items VALUES (1, 1, repeat('long', 10000)); UPDATE items SET owner = 2");
  auto got = x.read_all();
  CAF_REQUIRE(std::holds_alternative<bad_change>(got[1]));
  CAF_CHECK(std::get<bad_change>(got[1]).why.find("(TOAST)") != std::string::npos);
  x.run("ALTER TABLE items REPLICA IDENTITY FULL; UPDATE items SET owner = 3; UPDATE items SET id = 9;"
        "UPDATE items SET note = NULL");
  auto then = x.changes();
  CAF_REQUIRE_EQUAL(then.size(), 4u);
  CAF_CHECK_EQUAL(std::get<std::string>((*then[0].after)[2]).size(), 40'000u);
  CAF_CHECK_EQUAL(then[1].op, 'd');
  CAF_CHECK_EQUAL(std::get<std::string>((*then[2].after)[2]).size(), 40'000u);
  CAF_CHECK(is_null((*then[3].after)[2]));
}

CAF_TEST(a truncate of several tables is one change for each) {
  stream_database x("truncated", "CREATE TABLE a (id int PRIMARY KEY); CREATE TABLE b (id int PRIMARY KEY, "
                                 "a int REFERENCES a); CREATE TABLE c (id int PRIMARY KEY)");
  x.run("INSERT INTO c VALUES (1); BEGIN; TRUNCATE a CASCADE; INSERT INTO a VALUES (7); TRUNCATE c; COMMIT");
  auto got = x.changes();
  CAF_CHECK_EQUAL(shown(got), "c 1: 1 | t  | t  | c 7: 7 | t ");
  CAF_CHECK(got[1].table != got[2].table);
  CAF_CHECK_EQUAL(got[4].table.value, x.id("c").value);
  CAF_CHECK(grow(got));
}

CAF_TEST(rolled back work is not in the stream) {
  stream_database x("rollbacks", items);
  x.run("BEGIN; INSERT INTO items VALUES (1, 1, 'a'); SAVEPOINT one; INSERT INTO items VALUES (2, 1, 'b');"
        "SAVEPOINT two; UPDATE items SET note = 'c' WHERE id = 1; ROLLBACK TO two; INSERT INTO items VALUES "
        "(3, 1, 'd');"
        "ROLLBACK TO one; INSERT INTO items VALUES (4, 1, 'e'); RELEASE one; COMMIT");
  x.run("BEGIN; INSERT INTO items VALUES (5, 1, 'f'); ROLLBACK");
  auto got = x.changes();
  CAF_CHECK_EQUAL(shown(got), "c 1: 1,1,a | c 4: 4,1,e");
  CAF_CHECK(grow(got));
}

CAF_TEST(subtransactions come in the order of their statements) {
  stream_database x("subtransactions", items);
  x.run("BEGIN; INSERT INTO items VALUES (1, 1, 'a'); SAVEPOINT s; UPDATE items SET note = 'b'; RELEASE s;"
        "UPDATE items SET note = 'c'; SAVEPOINT s; DELETE FROM items; RELEASE s; INSERT INTO items VALUES "
        "(1, 2, 'd'); COMMIT");
  auto got = x.changes();
  CAF_CHECK_EQUAL(shown(got), "c 1: 1,1,a | u 1: 1,1,b | u 1: 1,1,c | d 1 | c 1: 1,2,d");
  CAF_CHECK(grow(got));
}

CAF_TEST(a prepared transaction comes when it is committed) {
  stream_database x("two_phase", items);
  x.run("BEGIN; INSERT INTO items VALUES (1, 1, 'first'); PREPARE TRANSACTION 'one'");
  x.run("BEGIN; INSERT INTO items VALUES (2, 1, 'never'); PREPARE TRANSACTION 'two'");
  x.run("INSERT INTO items VALUES (3, 1, 'between')");
  CAF_CHECK_EQUAL(shown(x.changes()), "c 3: 3,1,between");
  x.run("COMMIT PREPARED 'one'");
  x.run("ROLLBACK PREPARED 'two'");
  auto got = x.changes();
  CAF_CHECK_EQUAL(shown(got), "c 1: 1,1,first");
}

CAF_TEST(an upsert is the insert or update that it became) {
  stream_database x("upserts", items);
  for (auto note : {"a", "b"})
    x.run("INSERT INTO items VALUES (1, 1, '" + std::string(note)
          + "') ON CONFLICT (id) DO UPDATE SET note = EXCLUDED.note");
  x.run("MERGE INTO items USING (VALUES (1), (2)) v (id) ON v.id = items.id WHEN MATCHED THEN DELETE "
        "WHEN NOT MATCHED THEN INSERT VALUES (v.id, 2, 'm')");
  CAF_CHECK_EQUAL(shown(x.changes()), "c 1: 1,1,a | u 1: 1,1,b | d 1 | c 2: 2,2,m");
}

CAF_TEST(a generated column is not in the stream and is named) {
  stream_database x(
      "generated",
      "CREATE TABLE items (id int PRIMARY KEY, n int, twice int GENERATED ALWAYS AS (n * 2) STORED)");
  x.run("INSERT INTO items VALUES (1, 2)");
  auto got = x.read_all();
  CAF_REQUIRE(std::holds_alternative<bad_change>(got[0]));
  CAF_CHECK(std::get<bad_change>(got[0]).why.find("the stream doesn't have column twice")
            != std::string::npos);
}

CAF_TEST(a table that changes while it is read is described again) {
  stream_database x("altered", items);
  x.run("INSERT INTO items VALUES (1, 1, 'a'); ALTER TABLE items ADD more int; INSERT INTO items VALUES (2, "
        "1, 'b', 7);"
        "BEGIN; INSERT INTO items VALUES (3, 1, 'c', 7); ALTER TABLE items DROP more, ADD last text;"
        "INSERT INTO items VALUES (4, 1, 'd', 'x'); COMMIT");
  auto first = x.read_all();
  CAF_CHECK_EQUAL(shown(x.only_changes(first)), "c 1: 1,1,a | c 2: 2,1,b | c 3: 3,1,c | c 4: 4,1,d");
  x.confirm(ends_of(first).back().at);
  x.run("ALTER TABLE items RENAME note TO remark; INSERT INTO items VALUES (5, 1, 'e')");
  auto got = x.read_all();
  CAF_REQUIRE(std::holds_alternative<bad_change>(got[0]));
  x.plan();
  x.close();
  CAF_CHECK_EQUAL(shown(x.changes()), "c 5: 5,1,e,null");
}

CAF_TEST(rows of partitions are the rows of their table) {
  stream_database x(
      "partitions",
      "CREATE TABLE items (id int, day date, note text, PRIMARY KEY (id, day)) PARTITION BY RANGE (day);"
      "CREATE TABLE items_1 PARTITION OF items FOR VALUES FROM ('2026-01-01') TO ('2026-02-01');"
      "CREATE TABLE items_2 PARTITION OF items FOR VALUES FROM ('2026-02-01') TO ('2026-03-01')");
  x.run("ALTER PUBLICATION p SET (publish_via_partition_root = true)");
  x.run("INSERT INTO items VALUES (1, '2026-01-05', 'a'); INSERT INTO items_2 VALUES (2, '2026-02-05', 'b');"
        "UPDATE items SET day = '2026-02-06' WHERE id = 1; TRUNCATE items");
  auto got = x.changes();
  CAF_CHECK_EQUAL(shown(got),
                  "c 1,20458: 1,20458,a | c 2,20489: 2,20489,b | d 1,20458 | c 1,20490: 1,20490,a | t ");
}

CAF_TEST(rows that were replicated from elsewhere are rows) {
  stream_database x("origins", items);
  x.run("SELECT pg_replication_origin_create('elsewhere'); SELECT "
        "pg_replication_origin_session_setup('elsewhere');"
        "BEGIN; SELECT pg_replication_origin_xact_setup('0/1234', now()); INSERT INTO items VALUES (1, 1, "
        "'a'); COMMIT;"
        "SELECT pg_replication_origin_session_reset(); SELECT pg_replication_origin_drop('elsewhere')");
  CAF_CHECK_EQUAL(shown(x.changes()), "c 1: 1,1,a");
}

CAF_TEST(messages say whether they are of a transaction) {
  stream_database x("messages", items);
  x.run("BEGIN; INSERT INTO items VALUES (1, 1, 'a'); SELECT pg_logical_emit_message(true, 'millrace', 'in');"
        "SELECT pg_logical_emit_message(false, 'millrace', 'loose'); COMMIT");
  auto got = x.read_all();
  std::string order;
  for (auto& each : got)
    order += std::holds_alternative<row_change>(each)    ? "row "
             : std::holds_alternative<log_message>(each) ? std::get<log_message>(each).content + " "
                                                         : "end ";
  CAF_CHECK_EQUAL(order, "loose row in end ");
}

CAF_TEST(a transaction of other tables moves the position) {
  stream_database x("others", items);
  x.plan();
  x.run("CREATE TABLE unplanned (id int PRIMARY KEY); INSERT INTO unplanned SELECT generate_series(1, 10)");
  auto got = x.read_all();
  CAF_CHECK_EQUAL(ends_of(got).size(), got.size());
  CAF_CHECK_EQUAL(x.stream().counts().skipped, 10u);
  CAF_CHECK_EQUAL(x.stream().counts().server.system,
                  x.one("SELECT system_identifier FROM pg_control_system()"));
}
