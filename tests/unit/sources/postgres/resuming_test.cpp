#define CAF_SUITE postgres_stream.resuming
#include "actors/sources/postgres/change_stream.hpp"

#include "stream_database.hpp"
#include "tests/unit/case_seed.hpp"
#include "tests/unit/random_source.hpp"

#include <fstream>
#include <set>

#include "caf/test/unit_test.hpp"

using namespace millrace;
using namespace millrace::postgres;
using namespace millrace::test;

namespace {

using clock = std::chrono::steady_clock;

constexpr auto items = "CREATE TABLE items (id bigint PRIMARY KEY, owner int, note text)";

bool within(std::chrono::seconds time, const std::function<bool()>& holds) {
  for (auto deadline = clock::now() + time; clock::now() < deadline;)
    if (holds())
      return true;
  return holds();
}

/// This process's memory, in bytes.
std::size_t resident() {
  std::ifstream in("/proc/self/statm");
  std::size_t all = 0, pages = 0;
  in >> all >> pages;
  return pages * 4096;
}

lsn confirmed_flush(stream_database& x) { return (*must(look_at_slot(x.db(), x.slot())))->confirmed_flush; }
int reader_of(stream_database& x) { return (*must(look_at_slot(x.db(), x.slot())))->reader; }

} // namespace

CAF_TEST(a stream that breaks anywhere goes on without loss or doubling) {
  stream_database x("broken", items);
  random_source random;
  case_seed seed(random.seed());
  std::set<wal_position> seen;
  std::vector<std::string> ops;
  auto rows = 0;
  auto write = [&] {
    auto size = static_cast<int>(random.between(1, 400));
    x.run("INSERT INTO items SELECT i, 1, repeat('x', 100) FROM generate_series(" + std::to_string(rows)
          + ", " + std::to_string(rows + size - 1) + ") i");
    rows += size;
    x.run("UPDATE items SET id = -id - 1000000 WHERE id % 7 = 3 AND id > " + std::to_string(rows - 50));
  };
  auto take = [&](const std::vector<stream_event>& events) {
    for (auto& each : events)
      if (auto* change = std::get_if<row_change>(&each))
        if (seen.insert(change->at).second) // the same position again is the same change
          ops.push_back(shown(*change));
  };
  for (int i = 0; i < 25; ++i) {
    write();
    for (auto n = random.below(4); n > 0; --n) {
      auto got = must(x.stream().poll(1 + random.below(20'000), 50ms));
      take(got->events);
      if (random.one_in(2) && !seen.empty()) // up to a place in the middle of a transaction, or an end
        x.confirm(random.one_in(2) ? got->reached : *seen.rbegin());
    }
    if (random.one_in(2)) {
      x.stream();
      x.one("SELECT pg_terminate_backend(active_pid) FROM pg_replication_slots WHERE slot_name = 'broken'");
      auto ended = within(20s, [&] {
        auto got = x.stream().poll(1 << 20, 10ms);
        if (got)
          take(got->events);
        return !got;
      });
      CAF_CHECK(ended);
      x.close();
    }
    if (random.one_in(3))
      x.close();
  }
  x.close();
  take(x.read_all());
  // What every change made of the table is the table.
  std::set<std::string> keys;
  for (auto& each : ops)
    if (auto key = each.substr(2, each.find(':') - 2); each[0] == 'd')
      CAF_CHECK_EQUAL(keys.erase(key), 1u);
    else
      CAF_CHECK(keys.insert(key).second);
  CAF_CHECK_EQUAL(std::to_string(keys.size()), x.one("SELECT count(*) FROM items"));
  auto deletes = std::count_if(ops.begin(), ops.end(), [](auto& op) { return op[0] == 'd'; });
  CAF_CHECK_EQUAL(std::to_string(deletes), x.one("SELECT count(*) FROM items WHERE id < 0"));
  seed.passed = true;
}

CAF_TEST(a transaction that comes again has the same positions) {
  stream_database x("again", items + std::string("; CREATE TABLE more (id int PRIMARY KEY)"));
  x.run(
      "BEGIN; INSERT INTO items SELECT i, 1, 'a' FROM generate_series(1, 500) i; INSERT INTO more VALUES (1);"
      "SAVEPOINT s; UPDATE items SET id = id + 1000; RELEASE s; TRUNCATE more, items; COMMIT");
  auto first = x.changes();
  CAF_CHECK_EQUAL(first.size(), 1503u);
  x.close();
  x.run("ALTER PUBLICATION p OWNER TO postgres; CREATE TABLE third (id int PRIMARY KEY)");
  auto second = x.changes();
  CAF_REQUIRE_EQUAL(second.size(), first.size());
  CAF_CHECK(std::equal(first.begin(), first.end(), second.begin(),
                       [](auto& a, auto& b) { return a.at == b.at && shown(a) == shown(b); }));
  x.confirm(second.back().at); // not the whole transaction: it comes again
  x.close();
  CAF_CHECK_EQUAL(x.changes().size(), first.size());
}

CAF_TEST(a confirmed transaction does not come again) {
  stream_database x("confirmed", items);
  x.run("INSERT INTO items VALUES (1, 1, 'a')");
  auto got = x.read_all();
  x.confirm(std::get<transaction_end>(got.back()).at);
  x.close();
  x.run("INSERT INTO items VALUES (2, 1, 'b')");
  CAF_CHECK_EQUAL(shown(x.changes()), "c 2: 2,1,b");
}

CAF_TEST(a quiet database keeps no WAL) {
  stream_database x("quiet", items);
  x.run("INSERT INTO items VALUES (1, 1, 'a')");
  auto got = x.read_all();
  auto before = confirmed_flush(x);
  auto own_end = std::get<transaction_end>(got.back()).at;
  // Another database writes; this one's tables don't.
  auto elsewhere = must(session::open(stream_server().settings()));
  must(elsewhere->execute(
      "CREATE TABLE IF NOT EXISTS noise (t text); INSERT INTO noise SELECT repeat('x', 1000) "
      "FROM generate_series(1, 1000)"));
  auto end = *must(elsewhere->current_wal_lsn());
  for (int i = 0; i < 10; ++i)
    must(x.stream().poll(1 << 20, 100ms));
  CAF_CHECK(confirmed_flush(x) == before); // nothing was durable
  wal_position reached;
  CAF_CHECK(within(20s, [&] {
    reached = must(x.stream().poll(1 << 20, 50ms))->reached;
    x.confirm(own_end.commit < reached.commit ? reached : own_end);
    return confirmed_flush(x) >= end;
  }));
  CAF_CHECK(reached.commit >= end);
  CAF_CHECK(reached > own_end);
}

CAF_TEST(without a budget nothing is read and the walsender lives on) {
  stream_database x("unread", items);
  x.run("ALTER DATABASE unread SET wal_sender_timeout = '1s'");
  x.run("INSERT INTO items SELECT i, 1, repeat('x', 1000) FROM generate_series(1, 20000) i");
  x.stream();
  for (auto until = clock::now() + 4s; clock::now() < until;) {
    auto got = must(x.stream().poll(0, 200ms));
    CAF_REQUIRE(got->events.empty());
  }
  CAF_CHECK_EQUAL(x.stream().counts().bytes, 0u);
  CAF_CHECK_EQUAL(x.changes().size(), 20'000u);
}

CAF_TEST(a large transaction needs little memory) {
  stream_database x("large", items);
  x.run("INSERT INTO items SELECT i, 1, repeat(md5(i::text), 32) FROM generate_series(1, 200000) i");
  x.stream();
  auto before = resident();
  std::size_t rows = 0, most = 0, bytes = 0;
  std::int64_t last = 0;
  for (auto deadline = clock::now() + 120s; rows < 200'000 && clock::now() < deadline;) {
    auto got = must(x.stream().poll(256 << 10, 100ms));
    for (auto& each : got->events)
      if (auto* change = std::get_if<row_change>(&each)) {
        ++rows;
        auto id = std::get<std::int64_t>(change->key[0]);
        CAF_REQUIRE_EQUAL(id, last + 1);
        last = id;
      }
    bytes += got->bytes;
    CAF_REQUIRE(got->bytes < (256u << 10) + 4096);
    most = std::max(most, resident());
  }
  CAF_CHECK_EQUAL(rows, 200'000u);
  CAF_CHECK(bytes > 200'000'000u);
  CAF_MESSAGE("memory grew by " << (most > before ? most - before : 0) / 1024 << " KiB");
  CAF_CHECK(most < before + (16u << 20));
}

CAF_TEST(a slot that another process reads names it) {
  stream_database x("busy", items);
  x.stream();
  auto second = change_stream::open(x.how());
  CAF_REQUIRE(!second);
  CAF_CHECK(second.why().what == trouble::slot_in_use);
  CAF_CHECK(second.why().message.find(std::to_string(reader_of(x))) != std::string::npos);
}

CAF_TEST(a server that is shut down need not wait and is unavailable) {
  auto own = postgres_server::start(19450);
  auto db = std::move(*must(session::open(own->settings())));
  must(db.execute("CREATE PUBLICATION p FOR ALL TABLES"));
  {
    auto to = must(replication_connection::open(own->settings()));
    new_slot slot;
    slot.name = "s";
    must(to->create_slot(slot));
  }
  plan_set none;
  stream_settings how;
  how.server = own->settings();
  how.slot = "s";
  how.publication = "p";
  how.plans = &none;
  auto stream = must(change_stream::open(how));
  must(db.execute("CREATE TABLE t (id int PRIMARY KEY); INSERT INTO t VALUES (1)"));
  std::thread stopping([&] { own->stop(); });
  std::optional<problem> why;
  within(20s, [&] {
    auto got = stream->poll(1 << 20, 100ms);
    if (got)
      stream->confirm(got->reached);
    else
      why = got.why();
    return why.has_value();
  });
  stopping.join();
  CAF_REQUIRE(why);
  CAF_CHECK(why->what == trouble::unavailable);
  CAF_CHECK(!stream->poll(1 << 20, 0ms)); // it stays so
  auto again = change_stream::open(how);
  CAF_REQUIRE(!again);
  CAF_CHECK(again.why().what == trouble::unavailable);
}
