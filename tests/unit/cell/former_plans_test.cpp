#define CAF_SUITE cell.former_plans
#include "actors/cell/cell.hpp"

#include "actors/figures/plan/plan_alignment.hpp"
#include "actors/figures/plan/plan_change.hpp"
#include "tests/unit/memory_store.hpp"
#include "tests/unit/small_shop.hpp"

#include "caf/test/unit_test.hpp"

using namespace millrace;
using namespace millrace::test;

namespace {

const std::string by_state = "-- redis: hash states field {state} name by_state\n"
                             "SELECT state, count(*) AS customers FROM customers GROUP BY state;\n";
const std::string by_name = "-- redis: hash names field {name} name by_name\n"
                            "SELECT name, count(*) AS customers FROM customers GROUP BY name;\n";
const std::string ids = "-- redis: json id:{id} name ids\nSELECT id, state FROM customers;\n";

const source_id people_topic{0}, orders_topic{1ULL << 32};

/// A store in memory and the cell of customers under one plan set after the other.
struct fixture {
  memory_store store;
  cell_id id{shard_id{0}, entity_id{0}};
  std::vector<std::shared_ptr<plan_set>> history;
  std::unique_ptr<cell> it;
  tick_seconds tick{1'700'000'000};
  std::map<source_id, std::int64_t> at;

  const plan_set& plans() const { return *history.back(); }

  std::uint64_t fingerprint(std::size_t epoch) const { return block_fingerprint(*history[epoch], epoch); }

  /// The cell begins under these figures: the first ones, or others applied.
  void become(const std::string& figures) {
    auto fresh = plan(figures);
    history.push_back(std::make_shared<plan_set>(history.empty() ? fresh : aligned(fresh, plans())));
    restart();
  }
  void restart() {
    auto former = std::make_shared<former_plans>();
    for (std::size_t i = 0; i + 1 < history.size(); ++i) {
      auto all = translate(*history[i], *history[i + 1]);
      for (auto j = i + 1; j + 1 < history.size(); ++j)
        all = then(all, translate(*history[j], *history[j + 1]));
      (*former)[fingerprint(i)] = all;
    }
    it = std::make_unique<cell>(cell_settings{&plans(), fingerprint(history.size() - 1), "staged:", former},
                                id);
    auto loaded = it->load(store.claim(id));
    CAF_REQUIRE(loaded);
  }
  void flush() {
    CAF_REQUIRE(store.flush(it->collect(tick)) == flush_verdict::done);
    it->flushed();
  }
  void publish() {
    it->publish(tick);
    flush();
  }
  void settle() { // until the log has been copied
    for (int i = 0; i < 3; ++i)
      flush();
  }
  route_id route(const std::string& table) const {
    for (std::uint16_t i = 0; i < plans().routes.size(); ++i)
      if (plans().routes[i].entity == id.entity
          && plans().tables[plans().routes[i].table.value].table.name == table)
        return {i};
    throw std::runtime_error("no route of " + table);
  }
  void take(const std::string& table, const row& whole, std::uint64_t lsn = 50) {
    auto source = table == "customers" ? people_topic : orders_topic;
    auto& last = at.try_emplace(source, -1).first->second;
    auto on = route(table);
    row travelling;
    for (auto i : plans().routes[on.value].columns)
      travelling.push_back(whole.at(i));
    change x;
    x.route = on;
    x.where = {last + 1};
    x.at = {lsn};
    x.key = pack({whole.at(0)});
    x.columns = pack(travelling);
    CAF_REQUIRE(!it->offer(batch(id, source, last, last + 1, {x}), tick));
    ++last;
  }
  void ada_and_bob() {
    take("customers", customer(1, "Ada", "NY"));
    take("customers", customer(2, "Bob", "LA"));
    take("orders", order(7, 1, 250));
    take("orders", order(8, 2, 100));
    flush();
  }
  using group = std::pair<std::string, std::string>;
  std::int64_t rows(const std::string& key, const std::string& member) {
    auto found = store.rolled.find({key, member});
    return found == store.rolled.end() ? 0 : found->second.rows;
  }
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(former_plans_tests, fixture)

CAF_TEST(unchanged figures go on as they were and a new one is filled from the rows) {
  become(small_figures());
  publish();
  ada_and_bob();
  auto before = store.places;
  become(by_state + small_figures());
  CAF_CHECK(!it->live());
  flush();
  CAF_CHECK(store.places == before);
  CAF_CHECK_EQUAL(rows("geo:revenue", "NY"), 1);
  CAF_CHECK_EQUAL(rows("states", "NY"), 0);
  take("orders", order(9, 1, 50));
  flush();
  CAF_CHECK_EQUAL(rows("geo:revenue", "NY"), 2);
  publish();
  CAF_CHECK(it->live());
  CAF_CHECK_EQUAL(rows("geo:revenue", "NY"), 2);
  CAF_CHECK_EQUAL(rows("states", "NY"), 1);
  take("customers", customer(3, "Cid", "NY"));
  flush();
  CAF_CHECK_EQUAL(rows("states", "NY"), 2);
}

CAF_TEST(a crash between the change and the end of the fill folds nothing twice) {
  become(small_figures());
  publish();
  ada_and_bob();
  become(std::string(small_figures()) + by_state);
  take("orders", order(9, 1, 50));
  flush();
  restart();
  CAF_CHECK(!it->live());
  publish();
  restart();
  CAF_CHECK(it->live());
  publish();
  settle();
  restart();
  CAF_CHECK_EQUAL(rows("geo:revenue", "NY"), 2);
  CAF_CHECK_EQUAL(rows("states", "NY"), 1);
}

CAF_TEST(columns that rows lack come with the next read) {
  become(small_figures());
  publish();
  ada_and_bob();
  become(std::string(small_figures()) + by_name);
  it->begin_read(lsn{80}, {"public.customers"});
  take("customers", customer(1, "Ada", "NY"), 90);
  take("customers", customer(2, "Bob", "LA"), 90);
  it->sweep(lsn{80}, tick, {"public.customers"});
  publish();
  CAF_CHECK_EQUAL(rows("names", "Ada"), 1);
  CAF_CHECK_EQUAL(rows("names", "Bob"), 1);
  CAF_CHECK_EQUAL(rows("geo:revenue", "NY"), 1);
}

CAF_TEST(a sweep of some tables leaves the others alone) {
  become(std::string(small_figures()) + by_name);
  publish();
  ada_and_bob();
  it->begin_read(lsn{80}, {"public.orders"});
  it->sweep(lsn{80}, tick, {"public.orders"});
  flush();
  CAF_CHECK_EQUAL(rows("geo:revenue", "NY"), 0);
  CAF_CHECK_EQUAL(rows("names", "Ada"), 1);
}

CAF_TEST(a projection of kept columns is shown from the rows) {
  become(small_figures());
  publish();
  ada_and_bob();
  become(std::string(small_figures()) + ids);
  CAF_CHECK(difference(*history[0], *history[1]).lacks().empty());
  publish();
  auto ada = store.places["id:1"];
  CAF_CHECK_EQUAL(ada[""], R"({"id":1,"state":"NY"})");
  restart();
  CAF_CHECK(!it->urgent() || it->collect(tick).output.writes.empty());
}

CAF_TEST(figures that go take their places along and leave the others) {
  become(std::string(small_figures()) + ids);
  publish();
  ada_and_bob();
  std::vector<bool> which(plans().figures.size(), false);
  for (std::size_t i = 0; i < which.size(); ++i)
    which[i] = plans().figures[i].name == "ids" || plans().figures[i].name == "stats";
  cell_flush last;
  last.cell = id;
  last.owner = it->owner();
  last.number = store.number(id) + 1;
  last.output.writes = it->retire(tick, which);
  CAF_CHECK(store.flush(last) == flush_verdict::done);
  CAF_CHECK_EQUAL(store.places.size(), 2u); // customer:1 and :2
}

CAF_TEST(figures that come back are other ones and rows of between count) {
  become(std::string(small_figures()) + by_name);
  publish();
  ada_and_bob();
  become(small_figures());
  become(std::string(small_figures()) + by_name);
  CAF_CHECK(!it->live());
  CAF_CHECK(!difference(*history[1], *history[2]).lacks().empty());
}

CAF_TEST(a log is copied so that former plans can be forgotten) {
  become(small_figures());
  publish();
  ada_and_bob();
  become(std::string(small_figures()) + by_state);
  publish();
  settle();
  for (auto& block : store.claim(id).blocks)
    CAF_CHECK(fingerprint_of(block) == fingerprint(1));
}

CAF_TEST_FIXTURE_SCOPE_END()
