#define CAF_SUITE postgres_stream.snapshot
#include "actors/sources/postgres/snapshot_reader.hpp"

#include "actors/sources/postgres/copy_text.hpp"
#include "stream_database.hpp"

#include <map>

#include "caf/test/unit_test.hpp"

using namespace millrace;
using namespace millrace::postgres;
using namespace millrace::test;

namespace {

constexpr auto items = "CREATE TABLE items (id bigint PRIMARY KEY, owner int, note text)";

/// A slot whose snapshot is exported as long as this exists.
struct exported {
  explicit exported(stream_database& x)
      : connection(std::move(*must(replication_connection::open(x.settings())))) {
    must(drop_slot(x.db(), x.slot()));
    new_slot how;
    how.name = x.slot();
    how.export_snapshot = true;
    slot = *must(connection.create_slot(how));
  }
  replication_connection connection;
  created_slot slot;
};

snapshot_settings how(const stream_database& x, const created_slot& of) {
  snapshot_settings out;
  out.server = x.settings();
  out.snapshot = of.snapshot;
  out.at = of.begin;
  out.plans = &x.plans();
  return out;
}

struct read_rows {
  std::vector<row_change> rows;
  std::vector<bad_change> bad;
  std::optional<problem> why;
};

read_rows all_of(snapshot_reader& from) {
  read_rows out;
  for (auto deadline = std::chrono::steady_clock::now() + 60s; std::chrono::steady_clock::now() < deadline;) {
    auto got = from.next(100ms);
    if (!got)
      out.why = got.why();
    if (!got || got->done)
      return out;
    out.rows.insert(out.rows.end(), got->rows.begin(), got->rows.end());
    out.bad.insert(out.bad.end(), got->bad.begin(), got->bad.end());
  }
  throw std::runtime_error("the snapshot doesn't end");
}

} // namespace

CAF_TEST(the text format of COPY is undone) {
  copy_text x;
  auto got = x.read("a\t\\N\t\tb\\tc\\n\\\\N\\r\\b\\f\\v\t\\\\N\n");
  CAF_REQUIRE_EQUAL(got.size(), 5u);
  CAF_CHECK_EQUAL(std::string(got[0].content), "a");
  CAF_CHECK(got[1].what == pgoutput::field::kind::null);
  CAF_CHECK(got[2].what == pgoutput::field::kind::text && got[2].content.empty());
  CAF_CHECK_EQUAL(std::string(got[3].content), "b\tc\n\\N\r\b\f\v");
  CAF_CHECK_EQUAL(std::string(got[4].content), "\\N");
  CAF_CHECK_EQUAL(x.read("").size(), 1u);
  CAF_CHECK_EQUAL(x.read("end\\").size(), 1u);
}

CAF_TEST(snapshot and stream together are the table) {
  stream_database x("joined", items);
  x.run("INSERT INTO items SELECT i, 1, 'before' FROM generate_series(1, 1000) i");
  exported from(x);
  x.run("UPDATE items SET note = 'after' WHERE id <= 10; DELETE FROM items WHERE id > 990; INSERT INTO items "
        "VALUES (5000, 1, 'new')");
  auto reader = must(snapshot_reader::open(how(x, from.slot)));
  auto got = all_of(*reader);
  CAF_CHECK_EQUAL(got.rows.size(), 1000u);
  std::map<std::int64_t, std::string> table;
  for (auto& each : got.rows) {
    CAF_CHECK_EQUAL(each.op, 'r');
    CAF_CHECK(each.at == (wal_position{from.slot.begin, {}}));
    table[std::get<std::int64_t>(each.key[0])] = shown((*each.after)[2]);
  }
  CAF_CHECK_EQUAL(table[1], "before");
  CAF_CHECK_EQUAL(reader->progress().rows, 1000u);
  CAF_CHECK_EQUAL(reader->progress().tables_done, 1u);
  auto changes = x.changes();
  CAF_CHECK_EQUAL(changes.size(), 21u);
  for (auto& each : changes) {
    CAF_CHECK(each.at > got.rows[0].at);
    if (each.op == 'd')
      table.erase(std::get<std::int64_t>(each.key[0]));
    else
      table[std::get<std::int64_t>(each.key[0])] = shown((*each.after)[2]);
  }
  CAF_CHECK_EQUAL(std::to_string(table.size()), x.one("SELECT count(*) FROM items"));
  CAF_CHECK_EQUAL(table[1], "after");
}

CAF_TEST(many tables are read side by side with bounded memory) {
  std::string tables;
  for (int i = 0; i < 5; ++i)
    tables += "CREATE TABLE t" + std::to_string(i) + " (id bigint PRIMARY KEY, note text); INSERT INTO t"
              + std::to_string(i) + " SELECT i, E'a\\tb\\\\' FROM generate_series(1, 2000) i; ";
  stream_database x("many", tables + "; ANALYZE");
  exported from(x);
  auto settings = how(x, from.slot);
  settings.connections = 3;
  settings.batch_bytes = 1000;
  settings.queue_bytes = 5000;
  auto reader = must(snapshot_reader::open(settings));
  { auto ended = std::move(from.connection); } // its connections have the snapshot
  CAF_CHECK_EQUAL(reader->progress().rows_about, 10'000u);
  for (int i = 0; i < 20; ++i) // nobody fetches
    CAF_REQUIRE(reader->progress().bytes < 5000 + 3 * 1100u);
  auto got = all_of(*reader);
  CAF_CHECK_EQUAL(got.rows.size(), 10'000u);
  CAF_CHECK_EQUAL(shown((*got.rows[0].after)[1]), "a\tb\\");
  CAF_CHECK_EQUAL(reader->progress().tables_done, 5u);
}

CAF_TEST(a row that can not be decoded does not stop the others) {
  stream_database x("bad_rows", "CREATE TABLE late (id int PRIMARY KEY, ts timestamp)");
  x.run("INSERT INTO late VALUES (1, '294276-12-31'), (2, '2024-01-01')");
  exported from(x);
  auto reader = must(snapshot_reader::open(how(x, from.slot)));
  auto got = all_of(*reader);
  CAF_CHECK_EQUAL(got.rows.size(), 1u);
  CAF_REQUIRE_EQUAL(got.bad.size(), 1u);
  CAF_CHECK(got.bad[0].why.find("public.late: column ts") == 0);
}

CAF_TEST(a table that was rewritten since is a problem and not an empty table) {
  stream_database x("rewritten", items);
  x.run("INSERT INTO items VALUES (1, 1, 'a')");
  exported from(x);
  x.run("ALTER TABLE items ALTER owner TYPE text");
  auto reader = must(snapshot_reader::open(how(x, from.slot)));
  auto got = all_of(*reader);
  CAF_REQUIRE(got.why);
  CAF_CHECK(got.why->what == trouble::rewritten);
}

CAF_TEST(a partitioned table is read whole) {
  stream_database x("parted", "CREATE TABLE items (id int PRIMARY KEY) PARTITION BY LIST (id);"
                              "CREATE TABLE items_1 PARTITION OF items FOR VALUES IN (1);"
                              "CREATE TABLE items_2 PARTITION OF items FOR VALUES IN (2);"
                              "CREATE TABLE bare (id int PRIMARY KEY) PARTITION BY LIST (id)");
  x.run("INSERT INTO items VALUES (1), (2)");
  exported from(x);
  auto reader = must(snapshot_reader::open(how(x, from.slot)));
  auto got = all_of(*reader);
  if (got.why)
    CAF_FAIL(got.why->message);
  CAF_CHECK_EQUAL(got.rows.size(), 2u);
}

CAF_TEST(a snapshot that is gone is a problem) {
  stream_database x("gone", items);
  created_slot slot;
  {
    exported from(x);
    slot = from.slot;
  }
  auto reader = snapshot_reader::open(how(x, slot));
  CAF_REQUIRE(!reader);
  CAF_CHECK(!reader.why().message.empty());
}

CAF_TEST(a reader that nobody fetches from can be ended) {
  stream_database x("ended", items);
  x.run("INSERT INTO items SELECT i, 1, repeat('x', 1000) FROM generate_series(1, 20000) i");
  exported from(x);
  auto settings = how(x, from.slot);
  settings.queue_bytes = 1000;
  must(snapshot_reader::open(settings));
}
