#define CAF_SUITE postgres_stream.slot
#include "actors/sources/postgres/slot.hpp"

#include "actors/sources/postgres/replication_connection.hpp"
#include "stream_database.hpp"

#include "caf/test/unit_test.hpp"

using namespace millrace;
using namespace millrace::postgres;
using namespace millrace::test;

namespace {

constexpr auto items = "CREATE TABLE items (id bigint PRIMARY KEY, note text)";

new_slot named(const std::string& name) {
  new_slot out;
  out.name = name;
  return out;
}

} // namespace

CAF_TEST(a server tells its identity) {
  stream_database x("identity", items);
  auto to = must(replication_connection::open(x.settings()));
  auto got = must(to->identify());
  CAF_CHECK_EQUAL(got->system, x.one("SELECT system_identifier FROM pg_control_system()"));
  CAF_CHECK_EQUAL(got->timeline, 1u);
  CAF_CHECK(got->flushed > lsn{});
  CAF_CHECK(*must(to->walsender_timeout()) == 30s);
}

CAF_TEST(a slot can be looked at and dropped) {
  stream_database x("looked", items);
  auto got = *must(look_at_slot(x.db(), "looked"));
  CAF_REQUIRE(got);
  CAF_CHECK_EQUAL(got->plugin, "pgoutput");
  CAF_CHECK_EQUAL(got->database, "looked");
  CAF_CHECK_EQUAL(got->wal_status, "reserved");
  CAF_CHECK(!got->temporary);
  CAF_CHECK(!got->lost());
  CAF_CHECK(got->restart > lsn{} && got->confirmed_flush >= got->restart);
  CAF_CHECK(!slot_trouble(got, "looked", "looked"));
  must(drop_slot(x.db(), "looked"));
  CAF_CHECK(!*must(look_at_slot(x.db(), "looked")));
  must(drop_slot(x.db(), "looked")); // there is none
}

CAF_TEST(a temporary slot ends with its connection) {
  stream_database x("temporary", items);
  auto to = must(replication_connection::open(x.settings()));
  auto slot = named("my \"own");
  CAF_CHECK(!to->create_slot(slot)); // a name that slots can't have
  slot = named("brief");
  slot.temporary = true;
  must(to->create_slot(slot));
  CAF_CHECK((*must(look_at_slot(x.db(), "brief")))->temporary);
  { auto gone = std::move(*to); }
  auto deadline = std::chrono::steady_clock::now() + 20s;
  while (*must(look_at_slot(x.db(), "brief")) && std::chrono::steady_clock::now() < deadline) {
  }
  CAF_CHECK(!*must(look_at_slot(x.db(), "brief")));
}

CAF_TEST(a slot that exists can not be created again) {
  stream_database x("twice", items);
  auto to = must(replication_connection::open(x.settings()));
  auto got = to->create_slot(named("twice"));
  CAF_REQUIRE(!got);
  CAF_CHECK(got.why().what == trouble::slot_exists);
}

CAF_TEST(a slot waits for open transactions and is given up) {
  stream_database x("waiting", items);
  auto other = x.session();
  must(other.execute("BEGIN; INSERT INTO items VALUES (1, 'open')"));
  auto to = must(replication_connection::open(x.settings()));
  auto slot = named("late");
  slot.timeout = 500ms;
  auto got = to->create_slot(slot);
  CAF_REQUIRE(!got);
  CAF_CHECK(got.why().what == trouble::slot_waits);
  must(other.execute("COMMIT"));
  slot.timeout = 30s;
  must(to->create_slot(slot)); // the name is free, and the connection goes on
  must(drop_slot(x.db(), "late"));
}

CAF_TEST(slots that can not be read say why) {
  stream_database x("unreadable", items);
  x.one("SELECT pg_create_physical_replication_slot('physical')");
  x.one("SELECT pg_create_logical_replication_slot('decoding', 'test_decoding')");
  auto why = [&](const std::string& name, const std::string& database) {
    auto got = slot_trouble(*must(look_at_slot(x.db(), name)), name, database);
    return got ? *got : problem{trouble::protocol, "none", ""};
  };
  CAF_CHECK(why("none", "unreadable").what == trouble::slot_missing);
  CAF_CHECK(why("physical", "unreadable").what == trouble::slot_foreign);
  CAF_CHECK(why("decoding", "unreadable").what == trouble::slot_foreign);
  CAF_CHECK(why("unreadable", "another").what == trouble::slot_foreign);
  x.stream();
  CAF_CHECK(why("unreadable", "unreadable").what == trouble::slot_in_use);
  auto dropped = drop_slot(x.db(), "unreadable");
  CAF_REQUIRE(!dropped);
  CAF_CHECK(dropped.why().what == trouble::slot_in_use);
  must(drop_slot(x.db(), "physical"));
  must(drop_slot(x.db(), "decoding"));
  auto how = x.how();
  how.slot = "none";
  auto opened = change_stream::open(how);
  CAF_REQUIRE(!opened);
  CAF_CHECK(opened.why().what == trouble::slot_missing);
}

CAF_TEST(a slot that lost its WAL says so) {
  stream_database x("lost", items);
  x.run("ALTER SYSTEM SET max_slot_wal_keep_size = '1MB'");
  x.run("SELECT pg_reload_conf()");
  auto lost = [&] { return (*must(look_at_slot(x.db(), "lost")))->lost(); };
  for (auto deadline = std::chrono::steady_clock::now() + 60s;
       !lost() && std::chrono::steady_clock::now() < deadline;) {
    x.run("INSERT INTO items SELECT i, repeat('x', 1000) FROM generate_series(1, 1000) i; TRUNCATE items");
    x.one("SELECT pg_switch_wal()");
    x.run("CHECKPOINT");
  }
  auto got = *must(look_at_slot(x.db(), "lost"));
  x.run("ALTER SYSTEM RESET max_slot_wal_keep_size");
  x.run("SELECT pg_reload_conf()");
  CAF_REQUIRE(lost());
  auto trouble_of = slot_trouble(got, "lost", "lost");
  CAF_REQUIRE(trouble_of);
  CAF_CHECK(trouble_of->what == trouble::slot_lost);
  auto opened = change_stream::open(x.how());
  CAF_REQUIRE(!opened);
  CAF_CHECK(opened.why().what == trouble::slot_lost);
}
