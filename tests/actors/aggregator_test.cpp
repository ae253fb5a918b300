#define CAF_SUITE actors.aggregator
#include "actors/aggregator/aggregator_actor.hpp"

#include "tests/actors/fakes.hpp"
#include "tests/unit/cell/clocked_cell.hpp"
#include "tests/unit/memory_store.hpp"
#include "tests/unit/small_shop.hpp"

#include "caf/test/dsl.hpp"

using namespace millrace;
using namespace millrace::test;

namespace {

/// An aggregator of customers between a fake router and a fake writer; its
/// ledger is in memory.
struct fixture : test_coordinator_fixture<message_config> {
  const cell_id id{shard_id{0}, entity_of("customers")};
  const route_id people = route_of("customers", "customers");
  const source_id customers = source("customers");
  memory_store store;
  std::shared_ptr<router_log> heard = std::make_shared<router_log>();
  std::shared_ptr<writer_log> told = std::make_shared<writer_log>();
  std::vector<std::string> lost;
  tick_seconds now{1'700'000'000};
  cdc_router_actor router = sys.spawn(fake_router, heard);
  redis_writer_actor writer = sys.spawn(fake_writer, told);
  aggregator_actor cell;

  fixture() {
    aggregator_settings how;
    how.cell = {&small_shop(), small_shop().fingerprint(), "staged:"};
    how.writer = writer;
    how.now = [this] { return now; };
    how.lost = [this](std::string why) { lost.push_back(std::move(why)); };
    cell = sys.spawn(aggregator, how, id);
    run();
    load();
  }
  ~fixture() override { // a router and its cell hold each other
    self->send_exit(cell, caf::exit_reason::kill);
    run();
  }

  /// The cell starts over from the store; returns what it answers.
  cell_positions load() {
    cell_positions out;
    auto request = self->request(cell, caf::infinite, atom::load_v, store.claim(id));
    expect((atom::load, cell_ledger), from(self).to(cell).with(_, _));
    request.receive([&](cell_positions& x) { out = std::move(x); },
                    [&](caf::error& x) { CAF_FAIL(sys.render(x)); });
    return out;
  }
  change_batch people_come(std::int64_t prev, std::int64_t last) {
    return batch(id, customers, prev, last,
                 {upsert(people, customer(last, "Ada", "NY"), last, static_cast<std::uint64_t>(last + 10))});
  }
  /// The router sends a batch. Not by inject, which compares: batches have no ==.
  void deliver(const change_batch& x) {
    caf::send_as(caf::actor_cast<caf::actor>(router), cell, std::vector{x});
    expect((std::vector<change_batch>), from(router).to(cell).with(_));
  }
  void tell_flushed() { inject((atom::flushed), from(writer).to(cell).with(atom::flushed_v)); }
  /// The writer collects; returns what it got.
  cell_flush collect() {
    cell_flush out;
    auto request = self->request(cell, caf::infinite, atom::collect_v, std::uint32_t{0});
    expect((atom::collect, std::uint32_t), from(self).to(cell).with(_, 0u));
    request.receive([&](cell_flush& x) { out = std::move(x); },
                    [&](caf::error& x) { CAF_FAIL(sys.render(x)); });
    return out;
  }
  void flush() {
    CAF_REQUIRE(store.flush(collect()) == flush_verdict::done);
    tell_flushed();
  }
  /// Asks for something that is answered at once.
  template <class T, class... Ts>
  T answer(Ts... what) {
    T out;
    auto request = self->request(cell, caf::infinite, what...);
    run();
    request.receive([&](T& x) { out = std::move(x); }, [&](caf::error& x) { CAF_FAIL(sys.render(x)); });
    return out;
  }
  /// Asks for something that is answered once it is in Redis.
  template <class... Ts>
  std::shared_ptr<std::string> ask(Ts... what) {
    auto answer = std::make_shared<std::string>("none yet");
    sys.spawn([=, whom = cell](caf::event_based_actor* asker) {
      asker->request(whom, caf::infinite, what...)
          .then([=](cell_id) { *answer = "done"; }, [=](caf::error&) { *answer = "failed"; });
    });
    while (sched.try_run_once()) {
    }
    return answer;
  }
  std::shared_ptr<std::string> publish(std::vector<std::string> held = {}) {
    return ask(atom::publish_v, std::move(held));
  }
  void read_all(lsn from) {
    ask(atom::read_v, from, std::vector<std::string>{});
    flush();
    run();
  }
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(aggregator_tests, fixture)

CAF_TEST(a batch makes the cell dirty and a flush makes it durable) {
  deliver(people_come(-1, 3));
  expect((atom::dirty, cell_id, bool), from(cell).to(writer).with(_, id, true));
  auto taken = collect();
  CAF_CHECK_EQUAL(taken.number, 1u);
  CAF_REQUIRE_EQUAL(taken.positions.size(), 1u);
  CAF_CHECK_EQUAL(taken.positions[0].last.high, 3);
  disallow((atom::durable, cell_positions), from(cell).to(router));
  tell_flushed();
  expect((atom::durable, cell_positions), from(cell).to(router).with(_, _));
  CAF_REQUIRE_EQUAL(heard->durable.size(), 1u);
  CAF_CHECK_EQUAL(heard->durable[0].positions.at(0).last.high, 3);
  CAF_CHECK(heard->durable[0].cell == id);
}

CAF_TEST(a batch after a gap is answered with the gap) {
  deliver(people_come(-1, 3));
  deliver(people_come(5, 7));
  expect((atom::dirty, cell_id, bool), from(cell).to(writer).with(_, id, true));
  expect((atom::gap, cell_positions), from(cell).to(router).with(_, _));
  CAF_REQUIRE_EQUAL(heard->gaps.size(), 1u);
  CAF_CHECK_EQUAL(heard->gaps[0].positions.at(0).last.high, 3);
}

CAF_TEST(the writer is told once until it collects) {
  deliver(people_come(-1, 3));
  deliver(people_come(3, 4));
  run();
  CAF_CHECK_EQUAL(told->dirty.size(), 1u);
  collect();
  deliver(people_come(4, 5));
  run();
  CAF_CHECK_EQUAL(told->dirty.size(), 2u);
}

CAF_TEST(a progress mark is not urgent but a change after it is) {
  deliver(batch(id, customers, -1, 3));
  expect((atom::dirty, cell_id, bool), from(cell).to(writer).with(_, id, false));
  deliver(batch(id, customers, 3, 4));
  disallow((atom::dirty, cell_id, bool), from(cell).to(writer));
  deliver(people_come(4, 5));
  expect((atom::dirty, cell_id, bool), from(cell).to(writer).with(_, id, true));
}

CAF_TEST(positions that move after a flush are announced again) {
  deliver(batch(id, customers, -1, 3));
  run();
  flush();
  deliver(batch(id, customers, 3, 4));
  run();
  CAF_REQUIRE_EQUAL(told->dirty.size(), 2u);
  CAF_CHECK(!told->dirty[1].second);
}

CAF_TEST(a batch that comes again is not announced and not answered) {
  deliver(people_come(-1, 3));
  flush();
  run();
  deliver(people_come(-1, 3));
  run();
  CAF_CHECK_EQUAL(told->dirty.size(), 1u);
  CAF_CHECK_EQUAL(heard->durable.size(), 1u);
  CAF_CHECK(heard->gaps.empty());
}

CAF_TEST(what comes while a flush is under way is announced again) {
  deliver(people_come(-1, 3));
  run();
  auto taken = collect();
  deliver(people_come(3, 4));
  run();
  tell_flushed();
  run();
  CAF_CHECK_EQUAL(told->dirty.size(), 2u);
  CAF_CHECK_EQUAL(heard->durable.at(0).positions.at(0).last.high, 3);
}

CAF_TEST(a copy of the state that a flush leaves unfinished is announced without a batch) {
  std::vector<change> rows;
  for (std::int64_t i = 0; i < 6000; ++i)
    rows.push_back(upsert(people, customer(i, "Ada", std::string(300, 'x')), i, 10));
  change_batch many = batch(id, customers, -1, 5999);
  many.changes = std::move(rows);
  deliver(many);
  run();
  flush();
  run();
  CAF_REQUIRE_EQUAL(told->dirty.size(), 2u);
  CAF_CHECK(told->dirty[1].second);
  flush();
  run();
  CAF_CHECK_EQUAL(told->dirty.size(), 2u);
  CAF_CHECK_EQUAL(store.generation(id), 1u);
}

CAF_TEST(a mark whose sender missed the acknowledgement gets it again) {
  deliver(people_come(-1, 3));
  flush();
  run();
  auto mark = batch(id, customers, 3, 3);
  for (int i = 0; i < 4; ++i) { // it may be on its way
    deliver(mark);
    disallow((atom::durable, cell_positions), from(cell).to(router));
  }
  deliver(mark);
  expect((atom::durable, cell_positions), from(cell).to(router).with(_, _));
  CAF_CHECK_EQUAL(heard->durable.size(), 2u);
  mark.acknowledged = {3};
  for (int i = 0; i < 6; ++i) {
    deliver(mark);
    disallow((atom::durable, cell_positions), from(cell).to(router));
  }
}

CAF_TEST(publish answers only when its flush is in Redis) {
  auto answer = publish();
  CAF_CHECK_EQUAL(told->dirty.size(), 1u);
  CAF_CHECK_EQUAL(*answer, "none yet");
  CAF_REQUIRE(store.flush(collect()) == flush_verdict::done);
  run();
  CAF_CHECK_EQUAL(*answer, "none yet");
  tell_flushed();
  run();
  CAF_CHECK_EQUAL(*answer, "done");
}

CAF_TEST(a publish during a flush waits for the next one) {
  deliver(people_come(-1, 3));
  auto under_way = collect();
  auto answer = publish();
  store.flush(under_way);
  tell_flushed();
  run();
  CAF_CHECK_EQUAL(*answer, "none yet");
  CAF_CHECK(store.places.count("customer:3") == 0);
  flush();
  run();
  CAF_CHECK_EQUAL(*answer, "done");
  CAF_CHECK(store.places.count("customer:3") == 1);
}

CAF_TEST(a sweep that removes nothing is answered too) {
  read_all(lsn{1});
  told->dirty.clear();
  auto answer = ask(atom::sweep_v, lsn{1}, std::vector<std::string>{});
  CAF_REQUIRE_EQUAL(told->dirty.size(), 1u);
  CAF_CHECK(told->dirty[0].second);
  flush();
  run();
  CAF_CHECK_EQUAL(*answer, "done");
}

CAF_TEST(a sweep of a read that the cell does not know of is refused) {
  auto answer = ask(atom::sweep_v, lsn{1}, std::vector<std::string>{});
  run();
  CAF_CHECK_EQUAL(*answer, "failed");
}

CAF_TEST(after a stale flush the cell goes on from the ledger and asks for what it lost) {
  deliver(people_come(-1, 3));
  flush();
  run();
  deliver(people_come(3, 4));
  (void)collect(); // and Redis calls it stale
  auto known = load();
  CAF_REQUIRE_EQUAL(known.positions.size(), 1u);
  CAF_CHECK_EQUAL(known.positions[0].last.high, 3);
  tell_flushed(); // of nobody's flush
  deliver(people_come(4, 5));
  run();
  CAF_REQUIRE_EQUAL(heard->gaps.size(), 1u);
  CAF_CHECK_EQUAL(heard->gaps[0].positions.at(0).last.high, 3);
  deliver(people_come(3, 4));
  CAF_CHECK_EQUAL(collect().number, 2u);
}

CAF_TEST(a cell that was loaded announces itself again) {
  deliver(people_come(-1, 3));
  run();
  load(); // before the writer collected
  deliver(people_come(-1, 3));
  run();
  CAF_REQUIRE_EQUAL(told->dirty.size(), 2u);
  CAF_CHECK(told->dirty[1].second);
}

CAF_TEST(positions of a cell that was loaded are announced again) {
  deliver(batch(id, customers, -1, 3));
  load();
  deliver(batch(id, customers, -1, 3));
  run();
  CAF_CHECK_EQUAL(told->dirty.size(), 2u);
}

CAF_TEST(a sweep and the end of a fill that a ledger lost are made good) {
  deliver(people_come(-1, 3)); // shown at LSN 13
  flush();
  auto lost_tail = store;
  read_all(lsn{14});
  ask(atom::sweep_v, lsn{14}, std::vector<std::string>{});
  publish();
  flush();
  run();
  CAF_CHECK(store.places.empty());
  store = lost_tail;
  auto before = told->dirty.size();
  load();
  run();
  CAF_CHECK_EQUAL(told->dirty.size(), before + 1);
  flush();
  CAF_CHECK(store.places.empty());
  deliver(people_come(3, 14));
  flush();
  CAF_CHECK(store.places.count("customer:14") == 1); // live, not staged
}

CAF_TEST(a ledger that went back to before the rows of a sweep is swept when they have come again) {
  deliver(people_come(-1, 1));
  flush();
  auto lost_tail = store;
  deliver(people_come(1, 3)); // shown at LSN 13
  flush();
  read_all(lsn{14});
  ask(atom::sweep_v, lsn{14}, std::vector<std::string>{});
  publish();
  flush();
  run();
  CAF_CHECK(store.places.empty());
  store = lost_tail;
  load();
  run();
  deliver(people_come(1, 2));
  flush();
  CAF_CHECK(!store.places.empty()); // nobody knows yet what the sweep will find
  deliver(people_come(2, 3));
  run();
  flush();
  CAF_CHECK(store.places.empty());
  deliver(people_come(3, 14));
  flush();
  CAF_CHECK(store.places.count("customer:14") == 1);
}

CAF_TEST(a read that was not swept is forgotten with a ledger that went back to before it) {
  deliver(people_come(-1, 1));
  publish();
  flush();
  auto lost_tail = store;
  read_all(lsn{20});
  store = lost_tail;
  load();
  run();
  deliver(people_come(1, 3)); // at LSN 13: nobody will read it
  flush();
  CAF_CHECK(store.places.count("customer:3") == 1);
}

CAF_TEST(who waits for a flush that is lost is told) {
  auto waiting = publish();
  load();
  run();
  CAF_CHECK_EQUAL(*waiting, "failed");
  auto under_way = publish();
  (void)collect();
  load();
  run();
  CAF_CHECK_EQUAL(*under_way, "failed");
}

CAF_TEST(state that cannot be read makes the node start over) {
  auto ledger = store.claim(id);
  ledger.blocks = {"not a block"};
  auto request = self->request(cell, caf::infinite, atom::load_v, ledger);
  run();
  bool failed = false;
  request.receive([](cell_positions&) {}, [&](caf::error&) { failed = true; });
  CAF_CHECK(failed);
  CAF_REQUIRE_EQUAL(lost.size(), 1u);
  CAF_CHECK(lost[0].find("shard 0") != std::string::npos);
}

CAF_TEST(a place tells when it was written last) {
  deliver(people_come(-1, 3));
  publish();
  flush();
  auto ticks = answer<std::vector<std::int64_t>>(atom::written_v, figure_id{0},
                                                 std::vector<std::string>{"customer:3", "customer:4"});
  CAF_CHECK(ticks == (std::vector<std::int64_t>{now.value, 0}));
}

CAF_TEST(status tells rows and whether the cell is live) {
  deliver(people_come(-1, 3));
  auto filling = answer<cell_report>(atom::status_v);
  CAF_CHECK_EQUAL(filling.rows, 1u);
  CAF_CHECK(!filling.live);
  publish();
  CAF_CHECK(answer<cell_report>(atom::status_v).live);
}

CAF_TEST(a cell asks for a flush when the clock changes a window) {
  auto settle = [this] { // run() would let the cell's clock go on for ever
    while (sched.try_run_once()) {
    }
  };
  auto plans = plan_with_times("-- redis: hash recent field {customer_id} name recent\n"
                               "SELECT customer_id, count(*) AS n FROM orders "
                               "WHERE at > now() - interval '00:05:00' GROUP BY customer_id;\n");
  clocked_cell model(store, plans, "customers");
  model.publish();
  model.put(7, 0);
  model.flush();
  now = {start};
  aggregator_settings how;
  how.cell = {&plans, plans.fingerprint(), "staged:"};
  how.writer = writer;
  how.now = [this] { return now; };
  auto windowed = sys.spawn(aggregator, how, model.it.id());
  settle();
  self->send(windowed, atom::load_v, store.claim(model.it.id()));
  settle();
  CAF_CHECK(told->dirty.empty());
  now = {start + 299};
  advance_time(std::chrono::seconds{1});
  settle();
  CAF_CHECK(told->dirty.empty());
  now = {start + 300};
  advance_time(std::chrono::seconds{1});
  settle();
  CAF_REQUIRE_EQUAL(told->dirty.size(), 1u);
  CAF_CHECK(told->dirty[0] == std::pair(model.it.id(), true));
  self->send_exit(windowed, caf::exit_reason::kill);
  settle();
}

CAF_TEST_FIXTURE_SCOPE_END()
