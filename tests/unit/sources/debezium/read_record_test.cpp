#define CAF_SUITE debezium.read_record
#include "actors/sources/debezium/read_record.hpp"

#include "actors/figures/plan/plan_use.hpp"
#include "actors/sources/debezium/debezium_decoder.hpp"
#include "tests/unit/small_shop.hpp"

#include "caf/test/unit_test.hpp"

using namespace millrace;
using namespace millrace::test;

namespace {

/// The records of a read of orders, and what a decoder makes of them.
struct fixture {
  const plan_set& plans = small_shop();
  table_id orders = table_named("orders");
  const postgres::table& table = plans.tables[orders.value].table;
  std::vector<std::uint16_t> columns = used_columns(plans, orders);
  connect::read_records records{table, columns, "shop.public.orders", {700}};

  /// A row as PostgreSQL prints it; other columns are NULL.
  postgres::text_row printed(const std::map<std::string, std::string>& values) const {
    postgres::text_row out;
    for (auto i : columns) {
      auto at = values.find(table.columns[i].name);
      out.push_back(at == values.end() ? std::nullopt : std::optional(at->second));
    }
    return out;
  }
  result<std::optional<table_change>> decoded(const kafka::outgoing& x) const {
    return debezium_decoder(plans, orders).decode(x.key, x.payload);
  }
  value at(const table_change& x, const std::string& column) const { return (*x.after)[*table.find(column)]; }
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(read_record_tests, fixture)

CAF_TEST(a row that was read comes out as the row that it is) {
  auto x = decoded(records.record(printed({{"id", "7"}, {"customer_id", "1"}, {"total", "2.50"}}), 5));
  CAF_REQUIRE(x && *x);
  CAF_CHECK((**x).op == 'r');
  CAF_CHECK((**x).snapshot == snapshot_kind::ours);
  CAF_CHECK_EQUAL((**x).at.value, 700u);
  CAF_CHECK((**x).key == row{std::int64_t{7}});
  CAF_CHECK(at(**x, "customer_id") == value{std::int64_t{1}});
}

CAF_TEST(a NULL of the row stays one) {
  auto x = decoded(records.record(printed({{"id", "7"}}), 5));
  CAF_REQUIRE(x && *x);
  CAF_CHECK(is_null(at(**x, "customer_id")));
}

CAF_TEST(a text that is not of the type is a letter that names the column) {
  auto x = decoded(records.record(printed({{"id", "7"}, {"customer_id", "one"}}), 5));
  CAF_REQUIRE(!x);
  CAF_CHECK(x.why().message.find("customer_id") != std::string::npos);
}

CAF_TEST(a read for figures that used fewer columns is no change for those of now) {
  auto fewer = table.primary_key;
  auto other = connect::read_records(table, fewer, "shop.public.orders", {700}).record({"7"}, 5);
  auto x = decoded(other);
  CAF_REQUIRE(x);
  CAF_CHECK(!*x);
  CAF_MESSAGE("a record of Debezium's that lacks one is refused");
  auto at = other.payload->find("\"millrace\"");
  other.payload->replace(at, 10, "\"false\"");
  CAF_CHECK(!decoded(other));
}

CAF_TEST(an integer key is as Debezium writes it so that it goes to the same partition) {
  CAF_CHECK_EQUAL(*records.record(printed({{"id", "7"}}), 5).key, "{\"id\":7}");
}

CAF_TEST(two rows of a read have other stamps) {
  auto first = records.record(printed({{"id", "7"}}), 5), second = records.record(printed({{"id", "7"}}), 5);
  CAF_CHECK(stamp_of(*first.payload) != stamp_of(*second.payload));
}

CAF_TEST_FIXTURE_SCOPE_END()
