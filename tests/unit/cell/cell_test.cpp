#define CAF_SUITE cell.cell
#include "tests/unit/cell/flushing_cell.hpp"

#include "caf/test/unit_test.hpp"

using namespace millrace;
using namespace millrace::test;

namespace {

using fields = std::map<std::string, std::string>;

/// The customers' cell of shard 0, and the small shop's ways to it.
struct fixture {
  const route_id people = route_of("customers", "customers");
  const route_id bought = route_of("orders", "customers");
  const source_id customers = source("customers");
  const source_id orders = source("orders");
  memory_store store;
  flushing_cell here{store, {shard_id{0}, entity_of("customers")}};

  fields place(const std::string& key) {
    auto found = store.places.find(key);
    return found == store.places.end() ? fields{} : found->second;
  }
  fields stats(std::int64_t id) { return place("customer:" + std::to_string(id) + ":stats"); }
  void ada_buys() {
    here.publish();
    here.take(customers, {upsert(people, customer(1, "Ada", "NY"), 0, 10)});
    here.take(orders, {upsert(bought, order(7, 1, 250), 0, 20), upsert(bought, order(8, 1, 150), 1, 21)});
    here.flush();
  }
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(cell_tests, fixture)

CAF_TEST(rows become figures with the flush that follows) {
  here.publish();
  here.take(customers, {upsert(people, customer(1, "Ada", "NY"), 0, 10)});
  CAF_CHECK(store.places.empty());
  here.take(orders, {upsert(bought, order(7, 1, 250), 0, 20)});
  here.flush();
  CAF_CHECK(place("customer:1") == (fields{{"", R"({"id":1,"name":"Ada","state":"NY"})"}}));
  CAF_CHECK(stats(1) == (fields{{"orders", "1"}, {"spent", "2.50"}}));
  CAF_CHECK((store.rolled[{"geo:revenue", "NY"}] == rolled_group{1, {250}}));
}

CAF_TEST(a batch that comes twice counts once) {
  here.publish();
  auto twice = batch(here.it.id(), orders, -1, 3, {upsert(bought, order(7, 1, 250), 3, 20)});
  CAF_CHECK(!here.offer(twice));
  CAF_CHECK(!here.offer(twice));
  here.flush();
  CAF_CHECK(stats(1)["orders"] == "1");
}

CAF_TEST(a record that comes twice under two offsets counts once) {
  here.publish();
  here.take(orders, {upsert(bought, order(7, 1, 250), 0, 20), upsert(bought, order(7, 1, 250), 1, 20)});
  here.flush();
  CAF_CHECK(stats(1)["spent"] == "2.50");
}

CAF_TEST(a batch after a gap is answered with the position and changes nothing) {
  ada_buys();
  auto gap = here.offer(batch(here.it.id(), orders, 5, 6, {upsert(bought, order(9, 1, 999), 6, 30)}));
  CAF_REQUIRE(gap);
  CAF_CHECK_EQUAL(gap->last.high, 1);
  CAF_CHECK(!here.it.dirty());
}

CAF_TEST(of a batch that overlaps only what is new is applied) {
  ada_buys();
  // Were order 8 applied again, the amount that never was would show.
  CAF_CHECK(!here.offer(
      batch(here.it.id(), orders, 0, 2,
            {upsert(bought, order(8, 1, 99'999), 1, 21), upsert(bought, order(9, 1, 100), 2, 22)})));
  here.flush();
  CAF_CHECK(stats(1)["spent"] == "5.00");
}

CAF_TEST(a row that leaves takes its share along and an empty group its place) {
  ada_buys();
  here.take(orders, {gone(change_kind::remove, bought, 7, 2, 30)});
  here.flush();
  CAF_CHECK(stats(1) == (fields{{"orders", "1"}, {"spent", "1.50"}}));
  here.take(orders, {gone(change_kind::remove, bought, 8, 3, 31)});
  here.flush();
  CAF_CHECK(stats(1).empty());
  CAF_CHECK(!store.rolled.contains({"geo:revenue", "NY"}));
}

CAF_TEST(truncate removes older rows and keeps younger ones) {
  ada_buys();
  here.take(orders, {upsert(bought, order(9, 1, 100), 2, 41), gone(change_kind::truncate, bought, 0, 3, 40)});
  here.flush();
  CAF_CHECK(stats(1) == (fields{{"orders", "1"}, {"spent", "1.00"}}));
  CAF_CHECK_EQUAL(place("customer:1").size(), 1u); // another table's rows stay
}

CAF_TEST(rows that truncate has overtaken stay out) {
  ada_buys();
  here.take(orders, {gone(change_kind::truncate, bought, 0, 2, 40)});
  here.take(source("orders", 1),
            {upsert(bought, order(11, 1, 500), 0, 39), upsert(bought, order(12, 1, 600), 1, 40)});
  here.flush();
  CAF_CHECK(stats(1) == (fields{{"orders", "1"}, {"spent", "6.00"}}));
}

CAF_TEST(a truncation bars rows also after the state was loaded) {
  ada_buys();
  here.take(orders, {gone(change_kind::truncate, bought, 0, 2, 40)});
  here.flush();
  here.load();
  here.take(source("orders", 1), {upsert(bought, order(11, 1, 500), 0, 39)});
  here.flush();
  CAF_CHECK(stats(1).empty());
}

CAF_TEST(a snapshot that shows a row elsewhere removes it here) {
  ada_buys();
  here.take(orders, {gone(change_kind::not_yours, bought, 7, 2, 30),
                     gone(change_kind::not_yours, bought, 99, 3, 30)});
  here.flush();
  CAF_CHECK(stats(1)["spent"] == "1.50");
}

CAF_TEST(a row that was found gone is removed unless it was shown since) {
  ada_buys(); // order 8 was shown at 21
  here.take(orders,
            {gone(change_kind::forget, bought, 7, 2, 21), gone(change_kind::forget, bought, 8, 3, 21)});
  here.flush();
  CAF_CHECK(stats(1)["spent"] == "1.50");
}

CAF_TEST(a sweep removes rows that nothing has shown since) {
  ada_buys();
  here.it.begin_read(lsn{60});
  here.take(orders, {read(bought, order(8, 1, 150), 2, 60)}); // unchanged
  here.take(customers, {read(people, customer(1, "Ada", "NY"), 1, 60)});
  CAF_CHECK(here.it.sweep(lsn{60}, here.tick));
  here.flush();
  CAF_CHECK(stats(1) == (fields{{"orders", "1"}, {"spent", "1.50"}}));
  CAF_CHECK_EQUAL(place("customer:1").size(), 1u);
  here.it.begin_read(lsn{61});
  CAF_CHECK(here.it.sweep(lsn{61}, here.tick));
  here.flush();
  CAF_CHECK(store.places.empty());
}

CAF_TEST(a sweep of a read that the cell does not know of removes nothing) {
  ada_buys();
  CAF_CHECK(!here.it.sweep(lsn{60}, here.tick));
  here.flush();
  CAF_CHECK(stats(1)["orders"] == "2");
}

CAF_TEST(a row that the stream showed since the read began stays as it is) {
  ada_buys();
  here.it.begin_read(lsn{60});
  here.take(orders, {upsert(bought, order(8, 1, 400), 2, 70), read(bought, order(8, 1, 150), 3, 60)});
  here.flush();
  CAF_CHECK(stats(1)["spent"] == "6.50");
}

CAF_TEST(a row that the stream removed since the read began does not come back) {
  ada_buys();
  here.it.begin_read(lsn{60});
  here.take(orders, {gone(change_kind::remove, bought, 8, 2, 70)});
  here.flush();
  here.load(); // it is remembered through a crash
  here.take(orders, {read(bought, order(8, 1, 150), 3, 60)});
  here.flush();
  CAF_CHECK(stats(1)["orders"] == "1");
}

CAF_TEST(a key that was never here is remembered as removed too) {
  ada_buys();
  here.it.begin_read(lsn{60});
  here.take(orders, {gone(change_kind::remove, bought, 9, 2, 70), read(bought, order(9, 1, 999), 3, 60)});
  here.flush();
  CAF_CHECK(stats(1)["orders"] == "2");
}

CAF_TEST(a change from before the read means nothing once the read has begun) {
  ada_buys();
  here.it.begin_read(lsn{60});
  here.take(orders, {read(bought, order(8, 1, 150), 2, 60), upsert(bought, order(8, 1, 400), 3, 50),
                     gone(change_kind::remove, bought, 8, 4, 55)});
  here.flush();
  CAF_CHECK(stats(1)["spent"] == "4.00");
}

CAF_TEST(a row that comes again after its removal is taken from the stream) {
  ada_buys();
  here.it.begin_read(lsn{60});
  here.take(orders, {gone(change_kind::remove, bought, 8, 2, 70), upsert(bought, order(8, 1, 300), 3, 80),
                     read(bought, order(8, 1, 150), 4, 60)});
  here.flush();
  CAF_CHECK(stats(1)["spent"] == "5.50");
}

CAF_TEST(after the sweep removed keys are forgotten) {
  ada_buys();
  here.it.begin_read(lsn{60});
  here.take(orders, {gone(change_kind::remove, bought, 8, 2, 70)});
  CAF_CHECK(here.it.sweep(lsn{60}, here.tick));
  here.flush();
  here.load();
  CAF_CHECK(!here.it.rows().reads().under_way(bought));
}

CAF_TEST(a read that is told again keeps what was removed since it began) {
  ada_buys();
  here.it.begin_read(lsn{60});
  here.take(orders, {gone(change_kind::remove, bought, 8, 2, 70)});
  here.flush();
  here.load();
  here.it.begin_read(lsn{60});
  here.it.begin_read(lsn{50}); // an older one, which the cell's actor remembers
  here.take(orders, {read(bought, order(8, 1, 150), 3, 60)});
  here.flush();
  CAF_CHECK(stats(1)["orders"] == "1");
}

CAF_TEST(the sweep of an older read leaves a newer one under way) {
  ada_buys();
  here.it.begin_read(lsn{50});
  here.it.begin_read(lsn{60});
  here.take(orders, {gone(change_kind::remove, bought, 8, 2, 70)});
  CAF_CHECK(here.it.sweep(lsn{50}, here.tick));
  here.take(orders, {read(bought, order(8, 1, 150), 3, 60)});
  here.flush();
  CAF_CHECK(stats(1).empty()); // 7 was swept, and 8 is gone
}

CAF_TEST(a live cell tells of rows of a read that it does not know of) {
  ada_buys();
  here.take(orders, {read(bought, order(8, 1, 150), 2, 60)});
  auto told = here.it.collect(here.tick).unknown_reads;
  CAF_REQUIRE_EQUAL(told.size(), 1u);
  CAF_CHECK_EQUAL(small_shop().tables[told.begin()->first.value].table.name, "orders");
  CAF_CHECK_EQUAL(told.begin()->second.value, 60u);
}

CAF_TEST(rows of a read that the cell knows of or that comes before it is live are no news) {
  here.take(orders, {read(bought, order(8, 1, 150), 2, 60)});
  CAF_CHECK(here.it.collect(here.tick).unknown_reads.empty());
  here.it.flushed();
  ada_buys();
  here.it.begin_read(lsn{80});
  here.take(orders, {read(bought, order(8, 1, 150), 3, 60), read(bought, order(8, 1, 150), 4, 80)});
  CAF_CHECK(here.it.collect(here.tick).unknown_reads.empty());
}

CAF_TEST(a snapshot read of a known row is remembered through a load) {
  ada_buys();
  here.it.begin_read(lsn{60});
  here.take(orders, {read(bought, order(8, 1, 150), 2, 60)});
  here.flush();
  here.load();
  CAF_CHECK(here.it.sweep(lsn{60}, here.tick));
  here.flush();
  CAF_CHECK(stats(1)["orders"] == "1");
}

CAF_TEST(while a fill is on rows are staged and no figure shows) {
  here.take(customers, {upsert(people, customer(1, "Ada", "NY"), 0, 10)});
  here.take(orders, {upsert(bought, order(7, 1, 250), 0, 20)});
  here.flush();
  CAF_CHECK(!here.it.live());
  CAF_CHECK_EQUAL(store.places.size(), 1u);
  CAF_CHECK_EQUAL(place("staged:customer:1").size(), 1u);
  here.publish();
  CAF_CHECK(here.it.live());
  CAF_CHECK(place("customer:1") == (fields{{"", R"({"id":1,"name":"Ada","state":"NY"})"}}));
  CAF_CHECK(stats(1) == (fields{{"orders", "1"}, {"spent", "2.50"}}));
  CAF_CHECK(place("staged:customer:1").empty());
}

CAF_TEST(a fill goes on after a crash where it was) {
  here.take(customers, {upsert(people, customer(1, "Ada", "NY"), 0, 10),
                        upsert(people, customer(2, "Bob", "LA"), 1, 11)});
  here.flush();
  here.load();
  here.take(customers, {gone(change_kind::remove, people, 2, 2, 12)});
  here.publish();
  CAF_CHECK_EQUAL(store.places.size(), 1u);
  CAF_CHECK_EQUAL(place("customer:1").size(), 1u);
}

CAF_TEST(figures that are held keep filling while the others are live) {
  here.take(customers, {upsert(people, customer(1, "Ada", "NY"), 0, 10)});
  here.take(orders, {upsert(bought, order(7, 1, 250), 0, 20)});
  here.it.publish(here.tick, {"geo", "shown"});
  here.flush();
  CAF_CHECK(!here.it.live());
  CAF_CHECK(stats(1) == (fields{{"orders", "1"}, {"spent", "2.50"}}));
  CAF_CHECK(store.rolled.count({"geo:revenue", "NY"}) == 0);
  CAF_CHECK(place("customer:1").empty());
  here.load(); // and stay so
  here.take(orders, {upsert(bought, order(8, 1, 150), 1, 21)});
  here.take(customers, {upsert(people, customer(2, "Bob", "LA"), 1, 22)});
  here.flush();
  CAF_CHECK(stats(1) == (fields{{"orders", "2"}, {"spent", "4.00"}}));
  CAF_CHECK(store.rolled.count({"geo:revenue", "NY"}) == 0);
  CAF_CHECK(place("customer:2").empty());
  here.publish();
  CAF_CHECK(here.it.live());
  CAF_CHECK(stats(1) == (fields{{"orders", "2"}, {"spent", "4.00"}}));
  CAF_CHECK((store.rolled[{"geo:revenue", "NY"}] == rolled_group{2, {400}}));
  CAF_CHECK_EQUAL(place("customer:1").size(), 1u);
  CAF_CHECK_EQUAL(place("customer:2").size(), 1u);
}

CAF_TEST(a figure that is live is not held any more) {
  ada_buys();
  auto before = store.places;
  here.it.publish(here.tick, {"stats"});
  here.flush();
  CAF_CHECK(here.it.live());
  CAF_CHECK(store.places == before);
}

CAF_TEST(a cell with some live figures tells of rows of a read that it does not know of) {
  here.it.publish(here.tick, {"geo"});
  here.flush();
  here.take(orders, {read(bought, order(8, 1, 150), 0, 60)});
  CAF_CHECK_EQUAL(here.it.collect(here.tick).unknown_reads.size(), 1u);
}

CAF_TEST(publishing twice changes nothing) {
  ada_buys();
  auto before = store.places;
  here.publish();
  CAF_CHECK(store.places == before);
  CAF_CHECK((store.rolled[{"geo:revenue", "NY"}] == rolled_group{2, {400}}));
}

CAF_TEST(a cell that was published stays live through a load) {
  ada_buys();
  here.load();
  CAF_CHECK(here.it.live());
}

CAF_TEST(what is loaded equals what was and writes nothing by itself) {
  ada_buys();
  auto rows = rows_of(here.it);
  auto positions = here.it.positions();
  here.load();
  CAF_CHECK(rows_of(here.it) == rows);
  CAF_CHECK_EQUAL(here.it.positions().size(), positions.size());
  CAF_CHECK(!here.it.dirty());
  CAF_CHECK(here.it.collect(here.tick).output.writes.empty());
}

CAF_TEST(figures go on from what was loaded) {
  ada_buys();
  here.load();
  here.take(orders, {upsert(bought, order(8, 1, 50), 2, 30)});
  here.take(customers, {upsert(people, customer(1, "Ada", "LA"), 1, 31)});
  here.flush();
  CAF_CHECK(stats(1) == (fields{{"orders", "2"}, {"spent", "3.00"}}));
  CAF_CHECK((store.rolled[{"geo:revenue", "LA"}] == rolled_group{2, {300}}));
  CAF_CHECK(!store.rolled.contains({"geo:revenue", "NY"}));
}

CAF_TEST(a load forgets what was never flushed) {
  ada_buys();
  here.take(orders, {upsert(bought, order(9, 1, 999), 2, 30)});
  here.load();
  CAF_CHECK_EQUAL(here.at(orders), 1);
  CAF_CHECK(!here.it.dirty());
  here.take(orders, {upsert(bought, order(9, 1, 100), 2, 30)});
  here.flush();
  CAF_CHECK(stats(1)["spent"] == "5.00");
}

CAF_TEST(state of other figures is refused) {
  ada_buys();
  auto other = small_settings();
  other.fingerprint += 1;
  millrace::cell stranger(other, here.it.id());
  auto loaded = stranger.load(store.claim(here.it.id()));
  CAF_REQUIRE(!loaded);
  CAF_CHECK(loaded.why().code == errc::corrupt);
}

CAF_TEST(flushes are numbered one after the other and carry the owner) {
  auto first = here.it.collect(here.tick);
  CAF_CHECK_EQUAL(first.number, 1u);
  CAF_CHECK_EQUAL(first.owner, here.it.owner());
  CAF_CHECK(store.flush(first) == flush_verdict::done);
  here.it.flushed();
  CAF_CHECK_EQUAL(here.it.collect(here.tick).number, 2u);
}

CAF_TEST(a cell that was loaded numbers on from the ledger under a new owner) {
  ada_buys();
  auto number = store.number(here.it.id());
  auto owner = here.it.owner();
  here.load();
  auto next = here.it.collect(here.tick);
  CAF_CHECK_EQUAL(next.number, number + 1);
  CAF_CHECK_NOT_EQUAL(next.owner, owner);
}

CAF_TEST(a progress mark makes positions move but is nothing urgent) {
  ada_buys();
  CAF_CHECK(!here.offer(batch(here.it.id(), orders, 1, 9)));
  CAF_CHECK(here.it.dirty());
  CAF_CHECK(!here.it.urgent());
  here.flush();
  CAF_REQUIRE_EQUAL(here.durable.size(), 1u);
  CAF_CHECK_EQUAL(here.durable[0].last.high, 9);
  CAF_CHECK_EQUAL(store.at(here.it.id(), orders).high, 9);
}

CAF_TEST(positions that move while a flush is under way wait for the next) {
  ada_buys();
  here.take(orders, {upsert(bought, order(9, 1, 1), 2, 30)});
  auto under_way = here.it.collect(here.tick);
  here.take(orders, {upsert(bought, order(10, 1, 1), 3, 31)});
  store.flush(under_way);
  auto durable = here.it.flushed();
  CAF_REQUIRE_EQUAL(durable.size(), 1u);
  CAF_CHECK_EQUAL(durable[0].last.high, 2);
  CAF_CHECK(here.it.urgent());
}

CAF_TEST(records are counted once and only where they are to be) {
  here.publish();
  auto created = upsert(people, customer(1, "Ada", "NY"), 0, 10);
  created.counted = true;
  created.op = 'c';
  here.take(customers, {created});
  here.take(orders, {upsert(bought, order(7, 1, 250), 0, 20)}); // counted at its own cell
  here.flush();
  here.flush();
  CAF_CHECK_EQUAL(store.counts.size(), 1u);
  CAF_CHECK_EQUAL((store.counts[{table_named("customers"), 'c'}]), 1);
}

CAF_TEST(rows of a route that no figure of the entity uses take no memory) {
  auto own = route_of("orders", "orders");
  memory_store elsewhere;
  flushing_cell stray(elsewhere, {shard_id{0}, entity_of("customers")});
  stray.take(orders, {upsert(own, order(7, 1, 250), 0, 20)});
  CAF_CHECK_EQUAL(stray.it.rows().count(), 0u);
}

CAF_TEST(retiring takes every place of the cell away) {
  ada_buys();
  cell_flush last;
  last.cell = here.it.id();
  last.owner = here.it.owner();
  last.number = store.number(here.it.id()) + 1;
  last.output.writes = here.it.retire(here.tick);
  CAF_CHECK(store.flush(last) == flush_verdict::done);
  CAF_CHECK(store.places.empty());
}

CAF_TEST(retiring takes staged places away too) {
  here.take(customers, {upsert(people, customer(1, "Ada", "NY"), 0, 10)});
  here.flush();
  here.load();
  cell_flush last;
  last.cell = here.it.id();
  last.owner = here.it.owner();
  last.number = store.number(here.it.id()) + 1;
  last.output.writes = here.it.retire(here.tick);
  store.flush(last);
  CAF_CHECK(store.places.empty());
}

CAF_TEST_FIXTURE_SCOPE_END()
