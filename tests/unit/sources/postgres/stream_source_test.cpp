#define CAF_SUITE postgres_stream.source
#include "actors/sources/postgres/stream_source.hpp"

#include "shop_reader.hpp"

#include <set>

#include "caf/test/unit_test.hpp"

using namespace millrace;
using namespace millrace::postgres;
using namespace millrace::test;

namespace {

constexpr auto thousand_orders =
    "INSERT INTO orders SELECT i, i % 7, 1.5, repeat('x', 50) FROM generate_series(1, 1000) i";

/// Returns the customer's changes that come from orders.
std::vector<change> orders_of(const shop_reader& x, std::int64_t customer) {
  std::vector<change> out;
  for (auto& each : x.of(cell_of("customers", customer)))
    if (each.route == route_of("orders", "customers"))
      out.push_back(each);
  return out;
}

} // namespace

CAF_TEST(changes of every kind arrive in their cells with their positions) {
  std::int64_t other = 2; // a customer in another shard
  while (cell_of("customers", other) == cell_of("customers", 1))
    ++other;
  shop_reader x("every_kind");
  x.assign();
  x.db.run("INSERT INTO customers VALUES (1, 'Ada', 'SP')");
  x.db.run("BEGIN; INSERT INTO orders VALUES (10, 1, 1.5, 'new'), (11, 1, 2.5, 'new');"
           "UPDATE orders SET status = 'paid' WHERE id = 10; COMMIT");
  x.db.run("UPDATE orders SET customer_id = " + std::to_string(other) + " WHERE id = 10");
  x.db.run("UPDATE orders SET id = 12 WHERE id = 11");
  x.db.run("DELETE FROM orders WHERE id = 12");
  x.db.run("TRUNCATE orders");
  x.read_all();
  CAF_CHECK_EQUAL(shown(x.own("customers")), "upsert 1");
  auto own = x.own("orders");
  CAF_CHECK_EQUAL(shown(own),
                  "upsert 10 | upsert 11 | upsert 10 | upsert 10 | remove 11 | upsert 12 | remove "
                  "12 | truncate | truncate | truncate | truncate");
  auto customers = orders_of(x, 1);
  CAF_CHECK_EQUAL(shown(customers), "upsert 10 | upsert 11 | upsert 10 | remove 10 | remove 11 | upsert 12 | "
                                    "remove 12 | truncate");
  CAF_CHECK_EQUAL(shown(orders_of(x, other)), "upsert 10 | truncate");
  CAF_CHECK(own[0].columns == travelling(route_of("orders", "orders"), order(10, 1, 150)));
  CAF_CHECK(own[0].where < own[1].where && own[1].where < own[2].where);
  CAF_CHECK_EQUAL(own[0].where.high, own[2].where.high); // one transaction
  CAF_CHECK(own[0].where == customers[0].where);
  CAF_CHECK(own[2].where.high < own[3].where.high);
  for (auto& each : x.pieces) {
    CAF_CHECK(each.source == the_stream);
    CAF_CHECK(each.seen.where == each.last);
    CAF_CHECK_EQUAL(each.seen.hash, x.pieces[0].seen.hash);
    CAF_CHECK_EQUAL(each.read_ms, 42);
    CAF_CHECK_EQUAL(each.newest_commit_ms > 0, each.records > 0);
    for (auto& [_, changes] : each.changes)
      CAF_CHECK(changes.last() <= each.last);
  }
  std::set<entity_id> entities;
  for (auto& each : small_shop().routes)
    entities.insert(each.entity);
  CAF_CHECK_EQUAL(x.source->cells(the_stream).size(), entities.size() * shop_reader::shards);
}

CAF_TEST(a transaction larger than a piece comes in several) {
  shop_reader x("pieces", [](auto& how) { how.piece_bytes = 8 << 10; });
  x.assign();
  x.db.run(thousand_orders);
  x.read_all();
  CAF_CHECK_EQUAL(x.places("orders").size(), 1000u);
  std::vector<taken*> full;
  for (auto& each : x.pieces)
    if (each.records > 0)
      full.push_back(&each);
  CAF_REQUIRE(full.size() > 5);
  for (std::size_t i = 1; i < full.size(); ++i) {
    CAF_CHECK_EQUAL(full[i - 1]->last.high, full[0]->last.high); // the last piece has what follows too
    CAF_CHECK(full[i]->last > full[i - 1]->last);
    CAF_CHECK(full[i]->records < 400);
    for (auto& [_, changes] : full[i]->changes)
      CAF_CHECK(changes.first() > full[i - 1]->last);
  }
}

CAF_TEST(a paused source reads nothing and its walsender lives on) {
  shop_reader x("paused");
  x.db.run("ALTER DATABASE paused SET wal_sender_timeout = '1s'");
  x.assign();
  x.read_all();
  auto walsender = x.db.one("SELECT active_pid FROM pg_replication_slots WHERE slot_name = 'paused'");
  x.source->pause(the_stream);
  x.pieces.clear();
  x.db.run(thousand_orders);
  for (auto until = std::chrono::steady_clock::now() + 3s; std::chrono::steady_clock::now() < until;)
    x.poll();
  CAF_CHECK(x.pieces.empty());
  x.source->resume(the_stream);
  x.read_all();
  CAF_CHECK_EQUAL(x.places("orders").size(), 1000u);
  CAF_CHECK_EQUAL(x.db.one("SELECT active_pid FROM pg_replication_slots WHERE slot_name = 'paused'"),
                  walsender);
}

CAF_TEST(what is settled is confirmed and nothing else) {
  shop_reader x("settled");
  x.assign();
  auto before = x.confirmed_flush();
  x.db.run("INSERT INTO customers VALUES (1, 'Ada', 'SP')");
  x.read_all();
  for (int i = 0; i < 100; ++i)
    x.poll();
  CAF_CHECK(x.confirmed_flush() == before);
  // The database is quiet now, and WAL is written elsewhere.
  auto elsewhere = must(session::open(stream_server().settings()));
  must(elsewhere->execute("CREATE TABLE IF NOT EXISTS noise (t text); INSERT INTO noise SELECT repeat('x', "
                          "1000) FROM generate_series(1, 1000)"));
  x.read_all();
  auto settled = x.last();
  x.source->settle({{the_stream, settled}});
  CAF_CHECK(within(20s, [&] {
    x.poll();
    return x.confirmed_flush() >= confirmable(wal_of(settled));
  }));
  CAF_CHECK(x.confirmed_flush() == confirmable(wal_of(settled)));
}

CAF_TEST(a walsender that ends in the middle costs nothing) {
  shop_reader whole("whole", [](auto& how) { how.piece_bytes = 4 << 10; });
  auto& x = whole;
  x.assign();
  std::set<stream_position> ends;
  for (int i = 0; i < 10; ++i) {
    auto first = std::to_string(i * 200 + 1), last = std::to_string(i * 200 + 200);
    x.db.run("INSERT INTO orders SELECT i, i, 1, repeat('x', 50) FROM generate_series(" + first + ", " + last
             + ") i");
    auto some = x.pieces.size() + 2;
    x.read_until([&] { return x.pieces.size() >= some; });
    if (i % 3 == 1)
      x.source->settle({{the_stream, x.last()}}); // mostly within a transaction
    x.end_walsender();
  }
  x.read_all();
  auto given = x.places("orders");
  CAF_CHECK_EQUAL(given.size(), 2000u);
  for (std::size_t i = 1; i < x.pieces.size(); ++i)
    CAF_CHECK(x.pieces[i].last > x.pieces[i - 1].last);
}

CAF_TEST(after a seek the same changes have the same positions) {
  shop_reader x("sought", [](auto& how) { how.piece_bytes = 4 << 10; });
  x.assign();
  x.db.run("INSERT INTO customers VALUES (1, 'Ada', 'SP')");
  x.read_all();
  x.source->settle({{the_stream, x.last()}});
  auto settled = x.last();
  x.pieces.clear();
  x.db.run(thousand_orders);
  x.read_all();
  auto first = x.places("orders");
  auto middle = x.pieces[x.pieces.size() / 2].last;
  x.pieces.clear();
  must(x.source->seek(the_stream, middle));
  x.read_all();
  auto again = x.places("orders");
  std::erase_if(first, [&](auto& each) { return each.second <= middle; });
  CAF_CHECK(!again.empty() && again.size() < 1000u);
  CAF_CHECK(again == first);
  x.pieces.clear();
  must(x.source->seek(the_stream, settled));
  x.read_all();
  CAF_CHECK_EQUAL(x.places("orders").size(), 1000u);
  auto lost = x.source->seek(the_stream, stream_position{settled.high - 1, 0});
  CAF_REQUIRE(!lost);
  CAF_CHECK(lost.why().message.find("sought") != std::string::npos);
}

CAF_TEST(a row that can not be decoded is a bad record and the stream goes on) {
  shop_reader x("bad");
  x.assign();
  x.db.run("INSERT INTO orders VALUES (1, 1, 1, 'new')");
  x.db.run("ALTER TABLE orders REPLICA IDENTITY DEFAULT");
  x.db.run("UPDATE orders SET status = 'paid'");
  x.db.run("ALTER TABLE orders REPLICA IDENTITY FULL");
  x.db.run("INSERT INTO orders VALUES (2, 1, 1, 'new')");
  x.read_all();
  CAF_CHECK_EQUAL(shown(x.own("orders")), "upsert 1 | upsert 2");
  std::vector<bad_record> bad;
  for (auto& each : x.pieces)
    bad.insert(bad.end(), each.bad.begin(), each.bad.end());
  CAF_REQUIRE_EQUAL(bad.size(), 1u);
  CAF_CHECK(bad[0].table == table_named("orders"));
  CAF_CHECK(bad[0].at > x.own("orders")[0].where && bad[0].at < x.own("orders")[1].where);
  CAF_CHECK(bad[0].why.find("REPLICA IDENTITY FULL") != std::string::npos);
  CAF_CHECK(bad[0].payload->find("paid") != std::string::npos);
}

CAF_TEST(messages are told between the changes) {
  shop_reader* given = nullptr;
  std::vector<std::string> told;
  shop_reader x("told", [&](auto& how) {
    how.message_prefix = "mine";
    how.on_message = [&](const log_message& message) {
      told.push_back(message.content + " after " + std::to_string(given->own("customers").size()));
    };
  });
  given = &x;
  x.assign();
  x.db.run("BEGIN; INSERT INTO customers VALUES (1, 'a', 'SP'); SELECT pg_logical_emit_message(true, 'mine', "
           "'low'); INSERT INTO customers VALUES (2, 'b', 'SP'); COMMIT");
  x.db.run("SELECT pg_logical_emit_message(true, 'other', 'no')");
  x.db.run("SELECT pg_logical_emit_message(false, 'mine', 'high')");
  x.db.run("INSERT INTO customers VALUES (3, 'c', 'SP')");
  x.read_all();
  CAF_CHECK_EQUAL(told, (std::vector<std::string>{"low after 1", "high after 2"}));
  CAF_CHECK_EQUAL(x.places("customers").size(), 3u);
  x.end_walsender(); // what comes again isn't told again
  x.db.run("INSERT INTO customers VALUES (4, 'd', 'SP')");
  x.read_all();
  CAF_CHECK_EQUAL(told.size(), 2u);
}

CAF_TEST(a slot that is dropped ends the source by name) {
  shop_reader x("dropped");
  x.assign();
  x.read_all();
  x.end_walsender();
  must(drop_slot(x.db.db(), "dropped"));
  result<void> done;
  within(20s, [&] { return !(done = x.source->poll([](taken&&) { return true; })); });
  CAF_REQUIRE(!done);
  CAF_CHECK(done.why().code == errc::bad_setting);
  CAF_CHECK(done.why().message.find("dropped") != std::string::npos);
  CAF_CHECK(done.why().message.find("fill the figures again") != std::string::npos);
}

CAF_TEST(the ledger of a slot is known again and another one is refused) {
  shop_reader x("compared");
  CAF_CHECK(!must(x.source->compare({}))->broken);
  x.assign();
  x.db.run("INSERT INTO customers VALUES (1, 'Ada', 'SP')");
  x.read_all();
  auto& newest = x.pieces.back().seen;
  ledger_extent ledger{newest.where, newest.where, newest};
  auto broken = [&] { return must(x.source->compare({{the_stream, ledger}}))->broken.value_or(""); };
  CAF_CHECK_EQUAL(broken(), "");
  ledger.newest.hash ^= std::uint64_t{1} << 40;
  CAF_CHECK(broken().find("system identifier") != std::string::npos);
  ledger.newest.hash = newest.hash;
  x.end_walsender();
  must(drop_slot(x.db.db(), "compared"));
  CAF_CHECK(broken().find("doesn't exist") != std::string::npos);
  x.db.run("INSERT INTO customers VALUES (2, 'Bob', 'SP')");
  x.db.make_slot();
  CAF_CHECK(broken().find("created again") != std::string::npos);
}

CAF_TEST(positions have words for people) {
  shop_reader x("words");
  auto at = position_of({lsn{0x2'0000'0100}, lsn{0x2'0000'0080}});
  auto end = position_of({lsn{0x2'0000'0100}, lsn{0x2'0000'0130}});
  CAF_CHECK_EQUAL(x.source->name_of(the_stream, at), "slot words at 2/80 (committed at 2/100)");
  CAF_CHECK_EQUAL(x.source->name_of(the_stream, end), "slot words at 2/130");
  CAF_CHECK_EQUAL(x.source->name_of(the_stream, nowhere), "slot words from its beginning");
  CAF_CHECK_EQUAL(x.source->distance(at, end), "48 bytes of WAL");
  auto report = x.source->report(the_stream, end, nowhere);
  CAF_CHECK_EQUAL(report.read, 0x2'0000'0130);
  CAF_CHECK_EQUAL(report.durable, -1);
  CAF_CHECK_EQUAL(report.end, -1);
  x.assign();
  x.read_all();
  CAF_CHECK_EQUAL(x.source->report(the_stream, x.last(), x.last()).end - 1,
                  static_cast<std::int64_t>(confirmable(wal_of(x.last())).value));
}
