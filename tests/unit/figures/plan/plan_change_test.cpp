#define CAF_SUITE figures.plan_change
#include "actors/figures/plan/plan_change.hpp"

#include "actors/figures/plan/plan_alignment.hpp"
#include "actors/figures/plan/plan_translation.hpp"
#include "tests/unit/small_shop.hpp"

#include "caf/test/unit_test.hpp"

using namespace millrace;
using namespace millrace::test;

namespace {

const std::string shown = "-- redis: json customer:{id} name shown\nSELECT * FROM customers;\n";
const std::string stats = "-- redis: hash customer:{customer_id}:stats name stats\n"
                          "SELECT customer_id, count(*) AS orders FROM orders GROUP BY customer_id;\n";
const std::string richer = "-- redis: hash customer:{customer_id}:stats name stats\n"
                           "SELECT customer_id, sum(amount) AS spent FROM orders GROUP BY customer_id;\n";
const std::string by_status = "-- redis: hash orders:by_status field {status} name by_status\n"
                              "SELECT status, count(*) AS orders FROM orders GROUP BY status;\n";

struct two_sets {
  plan_set before, after;
  plan_change change;
  two_sets(const std::string& was, const std::string& is)
      : before(plan(was)), after(aligned(plan(is), before)), change(difference(before, after)) {}

  /// Returns the steps as words: name step [table...], one a figure.
  std::string steps() const {
    std::string out;
    for (auto& x : change.figures) {
      out += (out.empty() ? "" : ", ") + x.name + " " + to_text(x.step);
      for (auto id : x.lacks)
        out += " " + after.tables.at(id.value).table.name;
    }
    return out;
  }
};

} // namespace

CAF_TEST(the same figures in another order are nothing to do) {
  two_sets x(shown + stats, stats + shown);
  CAF_CHECK(x.change.nothing());
  CAF_CHECK_EQUAL(x.steps(), "stats unchanged, shown unchanged");
}

CAF_TEST(figures are added changed and removed by their names) {
  two_sets x(shown + stats, richer + by_status);
  CAF_CHECK_EQUAL(x.steps(), "stats changed orders, by_status added orders, shown removed");
  CAF_CHECK((x.change.retires(x.before) == std::vector<bool>{true, true}));
  CAF_CHECK((x.change.fills() == std::vector<std::string>{"stats", "by_status"}));
}

CAF_TEST(more than three removals or more than half of the figures are many) {
  CAF_CHECK(two_sets(shown, "").change.removes_many());
  CAF_CHECK(!two_sets(shown + stats, stats).change.removes_many()); // half of them
  CAF_CHECK(!two_sets(shown + stats, richer + by_status).change.removes_many());
  CAF_CHECK(two_sets(shown + stats, by_status).change.removes_many());
  // Twelve figures of one length each.
  std::string all;
  for (char x = 'a'; x < 'a' + 12; ++x)
    all += std::string("-- redis: string n") + x + " name n" + x + "\nSELECT count(*) AS n FROM orders;\n";
  auto one = all.size() / 12;
  auto without = [&](std::size_t gone) { return two_sets(all, all.substr(gone * one)).change; };
  CAF_CHECK_EQUAL(without(3).removals(), 3u);
  CAF_CHECK(!without(3).removes_many());
  CAF_CHECK(without(4).removes_many());
}

CAF_TEST(a figure that is filled again changes alone and its plan does not ) {
  auto before = plan(shown + stats + by_status);
  auto after = before;
  CAF_CHECK(!fill_again(after, "nobody"));
  CAF_CHECK(fill_again(after, "by_status"));
  auto change = difference(before, after);
  CAF_CHECK((change.fills() == std::vector<std::string>{"by_status"}));
  CAF_CHECK(change.lacks().empty()); // the rows in memory have it all
  after = plans_from_json(to_json(after));
  CAF_CHECK((difference(before, after).fills() == std::vector<std::string>{"by_status"}));
  CAF_CHECK(difference(after, aligned(plan(shown + stats + by_status), after)).nothing()); // nor for apply
}

CAF_TEST(a figure whose columns are kept is filled from memory) {
  CAF_CHECK_EQUAL(two_sets(richer, stats).steps(), "stats changed");
  CAF_CHECK_EQUAL(two_sets(stats, richer).steps(), "stats changed orders");
}

CAF_TEST(rows that are shown and not kept suffice for nothing but their key) {
  auto counted = std::string("-- redis: hash states field {state} name states\n"
                             "SELECT state, count(*) AS n FROM customers GROUP BY state;\n");
  auto ids = std::string("-- redis: json id:{id} name ids\nSELECT id FROM customers;\n");
  CAF_CHECK_EQUAL(two_sets(shown, shown + counted).steps(), "shown unchanged, states added customers");
  CAF_CHECK_EQUAL(two_sets(shown, shown + ids).steps(), "shown unchanged, ids added");
}

CAF_TEST(rows of a route that no figure held are read again) {
  two_sets x(shown + stats, shown + by_status); // orders by their own key held nothing before
  CAF_CHECK_EQUAL(x.steps(), "shown unchanged, by_status added orders, stats removed");
}

CAF_TEST(a join that has one complete side lacks the other only) {
  auto geo = std::string("-- redis: hash geo:revenue field {state} name geo\n"
                         "SELECT customers.state, sum(orders.amount) AS revenue FROM orders\n"
                         "JOIN customers ON customers.id = orders.customer_id GROUP BY customers.state;\n");
  CAF_CHECK_EQUAL(two_sets(richer, richer + geo).steps(), "stats unchanged, geo added customers");
}

CAF_TEST(tables keep their numbers when others come and go) {
  auto people = plan(shown), both = plan(shown + by_status), orders = plan(by_status);
  CAF_REQUIRE_EQUAL(both.tables.size(), 2u);
  auto grown = aligned(both, people);
  CAF_CHECK_EQUAL(grown.tables[0].table.name, "customers");
  CAF_CHECK_EQUAL(grown.tables[1].table.name, "orders");
  auto shrunk = aligned(orders, grown);
  CAF_REQUIRE_EQUAL(shrunk.tables.size(), 2u);
  CAF_CHECK(!shrunk.tables[0].captured);
  CAF_CHECK_EQUAL(shrunk.figures[0].entity.value, 1);
  for (auto& route : shrunk.routes)
    CAF_CHECK_EQUAL(route.table.value, 1);
  CAF_CHECK(difference(shrunk, aligned(orders, shrunk)).nothing());
}

CAF_TEST(a former row becomes a present one column by column) {
  two_sets x(stats + by_status, richer);
  auto how = translate(x.before, x.after);
  std::size_t held = 0;
  for (auto& way : how.routes) {
    if (!way)
      continue;
    ++held;
    CAF_CHECK_EQUAL(way->columns.size(), x.after.routes[way->to.value].kept);
  }
  CAF_CHECK_EQUAL(held, 1u); // by their own key nobody holds orders any more
}

CAF_TEST(a figure that went and came back is not the one that it was) {
  auto first = plan(shown + stats), second = aligned(plan(shown), first),
       third = aligned(plan(shown + stats), second);
  auto all = then(translate(first, second), translate(second, third));
  CAF_CHECK(all.figures[0].has_value());
  CAF_CHECK(!all.figures[1].has_value());
}

CAF_TEST(columns that no figure uses may change in the catalog) {
  auto plans = plan(stats);
  auto catalog = small_catalog();
  catalog[1].columns.push_back({"note", postgres::column_type::text, "text"});
  catalog[1].columns.erase(catalog[1].columns.begin() + 3);
  CAF_CHECK_EQUAL(as_in_catalog(plans, catalog).fingerprint(), plans.fingerprint());
  catalog[1].columns[1].type_name = "integer";
  CAF_CHECK_NOT_EQUAL(as_in_catalog(plans, catalog).fingerprint(), plans.fingerprint());
  catalog[1].columns.erase(catalog[1].columns.begin() + 1);
  CAF_CHECK_NOT_EQUAL(as_in_catalog(plans, catalog).fingerprint(), plans.fingerprint());
  catalog.pop_back();
  CAF_CHECK_NOT_EQUAL(as_in_catalog(plans, catalog).fingerprint(), plans.fingerprint());
}
