#define CAF_SUITE cell.window
#include "tests/unit/cell/clocked_cell.hpp"

#include "caf/test/unit_test.hpp"

using namespace millrace;
using namespace millrace::test;

namespace {

/// Orders by customer of the last five minutes, the orders themselves until a minute after their time, and
/// those whose time has come.
const plan_set& windows() {
  static const auto out =
      plan_with_times("-- redis: hash recent field {customer_id} name recent\n"
                      "SELECT customer_id, count(*) AS n FROM orders WHERE at > now() - interval '00:05:00' "
                      "GROUP BY customer_id;\n"
                      "-- redis: hash fresh:{id} name fresh\n"
                      "SELECT id, status FROM orders WHERE at >= now() - interval '00:01:00';\n"
                      "-- redis: hash begun:{id} name begun\n"
                      "SELECT id, status FROM orders WHERE at <= now();\n");
  return out;
}

/// A cell whose figures are live.
struct windowed_cell : clocked_cell {
  windowed_cell(memory_store& to, const std::string& entity) : clocked_cell(to, windows(), entity) {
    publish();
  }
};

struct fixture {
  memory_store store;
  std::string recent() {
    auto at = store.places.find("recent");
    return at == store.places.end() || !at->second.contains("1") ? "none" : at->second.at("1");
  }
  bool has(const std::string& key) { return store.places.contains(key); }
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(window_tests, fixture)

CAF_TEST(rows leave by the clock alone) {
  windowed_cell here(store, "customers");
  here.put(7, 0);
  here.put(8, 10);
  here.flush();
  CAF_CHECK_EQUAL(recent(), "2");
  here.at(299);
  CAF_CHECK(!here.it.due({here.now}));
  here.at(300);
  CAF_CHECK(here.it.due({here.now}));
  here.flush();
  CAF_CHECK_EQUAL(recent(), "1");
  CAF_CHECK(!here.it.due({here.now}));
  here.at(310);
  here.flush();
  CAF_CHECK_EQUAL(recent(), "none");
}

CAF_TEST(a row whose time is over when it comes never counts) {
  windowed_cell here(store, "customers");
  here.at(1000);
  here.put(7, 0);
  here.flush();
  CAF_CHECK_EQUAL(recent(), "none");
}

CAF_TEST(a row that moves in time leaves when its new time says) {
  windowed_cell here(store, "customers");
  here.put(7, 0);
  here.put(7, 100);
  here.at(300);
  here.flush();
  CAF_CHECK_EQUAL(recent(), "1");
  here.at(400);
  here.flush();
  CAF_CHECK_EQUAL(recent(), "none");
}

CAF_TEST(a cell that loads goes on from the tick of its last flush) {
  windowed_cell here(store, "customers");
  here.put(7, 0);
  here.put(8, 60);
  here.at(299);
  here.flush();
  CAF_CHECK(store.span(here.it.id()).tick == tick_seconds{start + 299});
  CAF_CHECK(store.span(here.it.id()).next == tick_seconds{start + 300});
  here.at(330); // the node died at 300, before it could flush
  here.load();
  CAF_CHECK(here.it.due({here.now}));
  here.flush();
  CAF_CHECK_EQUAL(recent(), "1");
}

CAF_TEST(a clock that goes back changes nothing) {
  windowed_cell here(store, "customers");
  here.put(7, 0);
  here.at(300);
  here.flush();
  here.at(200);
  here.put(8, 0);
  here.flush();
  CAF_CHECK_EQUAL(recent(), "none");
  CAF_CHECK(store.span(here.it.id()).tick == tick_seconds{start + 300});
}

CAF_TEST(places of rows come and go by the clock) {
  windowed_cell here(store, "orders");
  here.put(7, 30);
  here.flush();
  CAF_CHECK(has("fresh:7"));
  CAF_CHECK(!has("begun:7"));
  here.at(30);
  here.flush();
  CAF_CHECK(has("begun:7"));
  here.at(90);
  here.flush();
  CAF_CHECK(has("fresh:7"));
  here.at(91);
  here.flush();
  CAF_CHECK(!has("fresh:7"));
  CAF_CHECK(has("begun:7"));
  here.load();
  here.at(5000);
  here.flush();
  CAF_CHECK(!has("fresh:7"));
}

CAF_TEST_FIXTURE_SCOPE_END()
