#define CAF_SUITE cell.alert
#include "tests/unit/cell/clocked_cell.hpp"

#include "caf/test/unit_test.hpp"

using namespace millrace;
using namespace millrace::test;

namespace {

plan_set plans_of(const std::string& line, const std::string& cents = "10.00") {
  return plan_with_times("-- alert: " + line + "\nSELECT id, amount FROM orders WHERE amount > " + cents
                         + ";\n");
}

struct fixture {
  memory_store store;

  /// Returns what happened since the last call: "fires 7, resolves 7".
  std::string news() {
    std::string out;
    for (auto& x : store.events)
      out += (out.empty() ? "" : ", ")
             + std::string(x.what == alert_change::step::fires ? "fires " : "resolves ") + x.subject;
    store.events.clear();
    return out;
  }
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(alert_tests, fixture)

CAF_TEST(a row that enters the result fires and one that leaves resolves) {
  auto plans = plans_of("big");
  clocked_cell here(store, plans, "orders");
  here.publish();
  here.put(7, 0, 2000);
  here.put(8, 0, 500);
  here.flush();
  CAF_REQUIRE_EQUAL(store.events.size(), 1u);
  CAF_CHECK(store.events[0].event.columns == (std::vector<std::string>{"id", "7", "amount", "20.00"}));
  CAF_CHECK_EQUAL(news(), "fires 7");
  here.put(7, 0, 3000); // goes on
  here.flush();
  CAF_CHECK_EQUAL(news(), "");
  here.at(5);
  here.remove(7);
  here.flush();
  CAF_REQUIRE_EQUAL(store.events.size(), 1u);
  CAF_CHECK(store.events[0].event.start == tick_seconds{start});
  CAF_CHECK(store.events[0].at == tick_seconds{start + 5});
  CAF_CHECK_EQUAL(news(), "resolves 7");
}

CAF_TEST(rows that match when the alert is declared are adopted in silence) {
  auto plans = plans_of("big");
  clocked_cell here(store, plans, "orders");
  here.put(7, 0, 2000);
  here.flush();
  CAF_CHECK_EQUAL(news(), "");
  here.publish();
  CAF_CHECK_EQUAL(news(), "");
  here.put(8, 0, 2000);
  here.remove(7);
  here.flush();
  CAF_CHECK_EQUAL(news(), "resolves 7, fires 8");
}

CAF_TEST(at first has such rows fire) {
  auto plans = plans_of("big at first");
  clocked_cell here(store, plans, "orders");
  here.put(7, 0, 2000);
  here.publish();
  CAF_CHECK_EQUAL(news(), "fires 7");
}

CAF_TEST(a subject fires once it was in the result for long enough) {
  auto plans = plans_of("big for 60s");
  clocked_cell here(store, plans, "orders");
  here.publish();
  here.put(7, 0, 2000);
  here.put(8, 0, 2000);
  here.flush();
  here.at(30);
  here.remove(8);
  here.flush();
  here.pass_to(59);
  CAF_CHECK_EQUAL(news(), "");
  here.pass_to(60);
  CAF_CHECK_EQUAL(news(), "fires 7");
  here.pass_to(1000);
  CAF_CHECK_EQUAL(news(), "");
}

CAF_TEST(a subject that comes back within keep goes on and one that stays away resolves) {
  auto plans = plans_of("big keep 30s");
  clocked_cell here(store, plans, "orders");
  here.publish();
  here.put(7, 0, 2000);
  here.flush();
  CAF_CHECK_EQUAL(news(), "fires 7");
  here.remove(7);
  here.flush();
  here.at(29);
  here.put(7, 0, 2000);
  here.flush();
  here.pass_to(60);
  CAF_CHECK_EQUAL(news(), "");
  here.remove(7);
  here.flush();
  here.pass_to(89);
  CAF_CHECK_EQUAL(news(), "");
  here.pass_to(90);
  CAF_CHECK_EQUAL(news(), "resolves 7");
}

CAF_TEST(a node that starts neither forgets what is pending nor fires again) {
  auto plans = plans_of("big for 60s");
  {
    clocked_cell before(store, plans, "orders");
    before.publish();
    before.put(7, 0, 2000);
    before.flush();
    before.put(8, 0, 2000); // never flushed
  }
  clocked_cell here(store, plans, "orders");
  here.put(8, 0, 2000); // the router sends it again
  here.at(10);
  here.flush();
  here.pass_to(60);
  CAF_CHECK_EQUAL(news(), "fires 7");
  here.load();
  here.pass_to(70);
  CAF_CHECK_EQUAL(news(), "fires 8");
  here.load();
  here.pass_to(500);
  here.remove(7);
  here.flush();
  CAF_CHECK_EQUAL(news(), "resolves 7");
}

CAF_TEST(a second episode of one second fires in the next) {
  auto plans = plans_of("big");
  clocked_cell here(store, plans, "orders");
  here.publish();
  here.put(7, 0, 2000);
  here.flush();
  here.remove(7);
  here.flush();
  here.put(7, 0, 2000);
  here.flush();
  CAF_CHECK_EQUAL(news(), "fires 7, resolves 7");
  here.pass_to(1);
  CAF_CHECK_EQUAL(news(), "fires 7");
}

CAF_TEST(a subject moves with the clock of a window) {
  auto plans =
      plan_with_times("-- alert: late\nSELECT id FROM orders WHERE at <= now() - interval '00:01:00';\n");
  clocked_cell here(store, plans, "orders");
  here.publish();
  here.put(7, 0);
  here.flush();
  here.pass_to(59);
  CAF_CHECK_EQUAL(news(), "");
  here.pass_to(60);
  CAF_CHECK_EQUAL(news(), "fires 7");
}

CAF_TEST(a group is a subject and its HAVING decides) {
  auto plans =
      plan_with_times("-- alert: burst severity critical\n"
                      "SELECT customer_id, count(*) AS n FROM orders "
                      "WHERE at > now() - interval '00:01:00' GROUP BY customer_id HAVING count(*) >= 3;\n");
  clocked_cell here(store, plans, "customers");
  here.publish();
  here.put(7, 0);
  here.put(8, 10);
  here.flush();
  here.put(9, 20);
  here.flush();
  CAF_REQUIRE_EQUAL(store.events.size(), 1u);
  CAF_CHECK(store.events[0].event.columns == (std::vector<std::string>{"customer_id", "1", "n", "3"}));
  CAF_CHECK_EQUAL(news(), "fires 1");
  here.pass_to(59);
  CAF_CHECK_EQUAL(news(), "");
  here.pass_to(60);
  CAF_CHECK_EQUAL(news(), "resolves 1");
}

CAF_TEST(a changed alert keeps who matches before and after) {
  auto plans = plans_of("big");
  {
    clocked_cell before(store, plans, "orders");
    before.publish();
    before.put(7, 0, 2000);
    before.put(8, 0, 5000);
    before.flush();
    CAF_CHECK_EQUAL(news(), "fires 7, fires 8");
  }
  auto ledger = store.claim(clocked_cell(store, plans, "orders").it.id());
  auto changed = plans_of("big", "30.00");
  alert_book book(changed, ledger.cell.entity);
  book.load(ledger.alerts, ledger.alerts_known);
  book.fills(figure_id{0});
  std::vector<store_write> none;
  book.take(none, {start + 10}); // nothing is known of it
  CAF_CHECK(book.take_changes().empty());
  book.opens(figure_id{0});
  std::vector<store_write> whole{{figure_id{0}, write_kind::set, "alerts:big:8", {"id", "8"}, 0},
                                 {figure_id{0}, write_kind::set, "alerts:big:9", {"id", "9"}, 0}};
  book.take(whole, {start + 20});
  CAF_CHECK(whole.empty());
  std::map<std::string, alert_change::step> steps;
  for (auto& x : book.take_changes())
    steps[x.subject] = x.what;
  CAF_CHECK(steps
            == (std::map<std::string, alert_change::step>{{"7", alert_change::step::resolves},
                                                          {"9", alert_change::step::fires}}));
}

CAF_TEST(a live alert whose subjects Redis lost adopts who is in its result) {
  auto plans = plan_with_times("-- alert: big\nSELECT id, amount FROM orders WHERE amount > 10.00;\n"
                               "-- alert: many\nSELECT id, count(*) AS n FROM orders GROUP BY id;\n");
  clocked_cell here(store, plans, "orders");
  here.publish();
  here.put(7, 0, 2000);
  here.put(8, 0, 500);
  here.flush();
  CAF_CHECK_EQUAL(news(), "fires 7, fires 7, fires 8");
  store.lose_alerts(here.it.id());
  here.load();
  here.flush();
  CAF_CHECK_EQUAL(news(), "");
  auto ledger = store.claim(here.it.id());
  CAF_CHECK_EQUAL(ledger.alerts.size(), 3u);
  CAF_CHECK_EQUAL(ledger.alerts_known.size(), 2u);
  here.load();
  here.remove(7);
  here.flush();
  CAF_CHECK_EQUAL(news(), "resolves 7, resolves 7");
}

CAF_TEST(a cell that writes its state again writes its subjects again) {
  auto plans = plans_of("big");
  clocked_cell here(store, plans, "orders");
  here.publish();
  here.put(7, 0, 2000);
  here.flush();
  store.lose_alerts(here.it.id());
  here.it.copy_state();
  here.flush();
  CAF_CHECK_EQUAL(news(), "fires 7");
  auto ledger = store.claim(here.it.id());
  CAF_CHECK_EQUAL(ledger.alerts.size(), 1u);
  CAF_CHECK_EQUAL(ledger.alerts_known.size(), 1u);
}

CAF_TEST(an alert that is gone resolves its subjects) {
  auto plans = plans_of("big");
  clocked_cell before(store, plans, "orders");
  before.publish();
  before.put(7, 0, 2000);
  before.flush();
  CAF_CHECK_EQUAL(news(), "fires 7");
  auto other = plans_of("huge");
  alert_book book(other, before.it.id().entity);
  auto ledger = store.claim(before.it.id());
  book.load(ledger.alerts, ledger.alerts_known);
  CAF_CHECK(book.waits());
  std::vector<store_write> none;
  book.take(none, {start + 20});
  auto changes = book.take_changes();
  CAF_REQUIRE_EQUAL(changes.size(), 2u);
  CAF_CHECK(changes[0].what == alert_change::step::resolves);
  CAF_CHECK(changes[0].subject == "7");
  CAF_CHECK(changes[1].subject.empty());
  CAF_CHECK(!changes[1].kept);
}

CAF_TEST_FIXTURE_SCOPE_END()
