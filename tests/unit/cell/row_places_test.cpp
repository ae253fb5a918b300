#define CAF_SUITE cell.row_places
#include "actors/cell/row_places.hpp"

#include "tests/unit/cell/flushing_cell.hpp"

#include "caf/test/unit_test.hpp"

using namespace millrace;
using namespace millrace::test;

namespace {

using words = std::vector<std::string>;

/// The customers' cell of shard 0.
struct fixture {
  const route_id people = route_of("customers", "customers");
  const route_id bought = route_of("orders", "customers");
  memory_store store;
  flushing_cell here{store, {shard_id{0}, entity_of("customers")}};

  fixture() { here.publish(); }

  void ada_buys() {
    here.take(source("customers"), {upsert(people, customer(1, "Ada", "NY"), 0, 10)});
    here.take(source("orders"), {upsert(bought, order(7, 1, 250), 0, 20)});
    here.flush();
  }
  std::vector<row_copy_report> find(const std::string& table, std::int64_t id) {
    return copies_of(here.it, table_named(table), pack({value{id}}), here.tick);
  }
  /// Returns "figure key member" of each place of the only copy.
  words places(const std::string& table, std::int64_t id) {
    words out;
    auto found = find(table, id);
    for (auto& x : found.at(0).places)
      out.push_back(x.name + " " + x.key + " " + x.member);
    return out;
  }
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(row_places_tests, fixture)

CAF_TEST(a stored row has the columns that the figures of its cell need) {
  ada_buys();
  auto found = find("orders", 7);
  CAF_REQUIRE_EQUAL(found.size(), 1u);
  CAF_CHECK_EQUAL(found[0].entity, "customers");
  CAF_CHECK_EQUAL(found[0].shard, 0);
  std::map<std::string, std::string> columns;
  for (std::size_t i = 0; i < found[0].columns.size(); ++i)
    columns[found[0].columns[i]] = found[0].values[i];
  CAF_CHECK((columns == std::map<std::string, std::string>{{"customer_id", "1"}, {"amount", "2.50"}}));
}

CAF_TEST(a row has the place of its group and by a join that of its parent) {
  ada_buys();
  CAF_CHECK_EQUAL(places("orders", 7), (words{"stats customer:1:stats ", "geo geo:revenue NY"}));
}

CAF_TEST(a row of plain columns has its own place) {
  ada_buys();
  auto found = places("customers", 1);
  CAF_CHECK_EQUAL(found.at(0), "shown customer:1 ");
  CAF_CHECK_EQUAL(found.at(1), "geo geo:revenue NY");
}

CAF_TEST(an order without its customer is in no group of the join) {
  here.take(source("orders"), {upsert(bought, order(7, 1, 250), 0, 20)});
  here.flush();
  CAF_CHECK_EQUAL(places("orders", 7), (words{"stats customer:1:stats "}));
}

CAF_TEST(a row without a value is shown with NULL) {
  here.take(
      source("orders"),
      {upsert(bought, {value{std::int64_t{7}}, value{std::int64_t{1}}, null_value{}, null_value{}}, 0, 20)});
  auto found = find("orders", 7);
  CAF_REQUIRE_EQUAL(found.size(), 1u);
  CAF_CHECK(std::count(found[0].values.begin(), found[0].values.end(), "NULL") == 1);
}

CAF_TEST(a row that is not stored has no copy) {
  ada_buys();
  CAF_CHECK(find("orders", 8).empty());
  CAF_CHECK(find("customers", 7).empty());
}

CAF_TEST_FIXTURE_SCOPE_END()
