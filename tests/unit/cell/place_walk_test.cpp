#define CAF_SUITE cell.place_walk
#include "tests/unit/cell/flushing_cell.hpp"

#include "caf/test/unit_test.hpp"

#include <set>

using namespace millrace;
using namespace millrace::test;

namespace {

/// Twenty customers with an order each, in one cell.
struct walked_cell {
  walked_cell() {
    for (std::int64_t id = 0; id < 20; ++id) {
      here.take(source("customers"), {upsert(shown, customer(id, "Ann", "NY"), id, 1)});
      here.take(source("orders"), {upsert(bought, order(id, id, 100), id, 1)});
    }
  }

  /// Flushes until the round is over, and returns how often each place was told.
  std::map<std::string, int> round(std::size_t places) {
    std::map<std::string, int> out;
    do {
      CAF_REQUIRE(here.flush(places) == flush_verdict::done);
      CAF_CHECK_LESS_OR_EQUAL(here.checked.size(), places + 5); // groups of one bucket go together
      for (auto& x : here.checked)
        ++out[x.key];
    } while (!here.checked_all);
    return out;
  }

  std::vector<std::string> touched() {
    std::vector<std::string> out;
    do {
      here.flush(100);
      for (auto& x : here.checked)
        if (!stands(x, store.standing(small_shop().figures.at(x.figure.value), x)))
          out.push_back(x.key);
    } while (!here.checked_all);
    return out;
  }

  route_id shown = route_of("customers", "customers"), bought = route_of("orders", "customers");
  memory_store store;
  flushing_cell here{store, {shard_id{0}, entity_of("customers")}};
};

using keys = std::vector<std::string>;

} // namespace

CAF_TEST(a round tells each place of rows and groups once) {
  walked_cell x;
  x.here.publish();
  for (auto places : {1, 7, 1000}) {
    auto told = x.round(static_cast<std::size_t>(places));
    CAF_CHECK_EQUAL(told.size(), 40u);
    for (auto& [key, times] : told)
      CAF_CHECK_EQUAL(times, 1);
  }
}

CAF_TEST(figures that fill have no places to compare) {
  walked_cell x;
  CAF_CHECK(x.round(10).empty());
}

CAF_TEST(a place that was changed deleted or made is found) {
  walked_cell x;
  x.here.publish();
  CAF_CHECK(x.touched().empty());
  x.store.places["customer:7"][""] = "{}";
  CAF_CHECK(x.touched() == keys{"customer:7"});
  x.store.places.erase("customer:7");
  CAF_CHECK(x.touched() == keys{"customer:7"});
  x.here.take(source("customers"), {upsert(x.shown, customer(7, "Bob", "NY"), 40, 2)});
  CAF_CHECK(x.touched().empty());
  x.store.places["customer:7:stats"]["spent"] = "100.00";
  CAF_CHECK(x.touched() == keys{"customer:7:stats"});
}

CAF_TEST(a place whose row has gone since the round began is not told) {
  walked_cell x;
  x.here.publish();
  x.here.flush(1);
  for (std::int64_t id = 0; id < 20; ++id)
    x.here.take(source("customers"), {gone(change_kind::remove, x.shown, id, 20 + id, 2)});
  for (auto& [key, _] : x.round(100))
    CAF_CHECK(key.find("stats") != std::string::npos);
}

CAF_TEST(a cell that is loaded again begins the round again) {
  walked_cell x;
  x.here.publish();
  x.here.flush(5);
  x.here.load();
  CAF_CHECK_EQUAL(x.round(100).size(), 40u);
}
