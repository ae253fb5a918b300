#define CAF_SUITE inspector.row_question
#include "actors/inspector/row_question.hpp"

#include "messages/shard_of.hpp"
#include "tests/unit/small_shop.hpp"

#include "caf/test/unit_test.hpp"

using namespace millrace;
using namespace millrace::test;

namespace {

constexpr std::uint16_t shards = 32;

/// The small shop, and a table of the same name in another schema, with a key of two parts.
plan_set two_schemas() {
  auto out = small_shop();
  auto more = out.tables.at(table_named("orders").value);
  more.table.schema = "old";
  more.table.primary_key = {0, 1};
  out.tables.push_back(more);
  return out;
}

std::string refusal(const plan_set& plans, const std::string& table, const std::vector<std::string>& key) {
  auto x = question_of(plans, shards, table, key);
  return x ? "" : x.why().message;
}

} // namespace

CAF_TEST(a table and a key name one row and its shard) {
  for (std::string name : {"orders", "public.orders"}) {
    auto x = question_of(small_shop(), shards, name, {"17"});
    CAF_REQUIRE(x);
    CAF_CHECK(x->table == table_named("orders"));
    CAF_CHECK_EQUAL(x->name, "public.orders");
    CAF_CHECK_EQUAL(x->key, pack({value{std::int64_t{17}}}));
    CAF_CHECK_EQUAL(x->shard, shard_of({value{std::int64_t{17}}}, shards)->value);
  }
}

CAF_TEST(an unknown table is refused with those that there are) {
  CAF_CHECK_EQUAL(refusal(small_shop(), "order", {"17"}),
                  "no figure reads a table order; there are: public.customers, public.orders");
}

CAF_TEST(a table name of two schemas is ambiguous) {
  CAF_CHECK_EQUAL(refusal(two_schemas(), "orders", {"17"}),
                  "the table orders is ambiguous: name one of public.orders, old.orders");
  CAF_CHECK_EQUAL(refusal(two_schemas(), "public.orders", {"17"}), "");
}

CAF_TEST(a part of a key is ambiguous and too many parts are refused) {
  CAF_CHECK_EQUAL(
      refusal(two_schemas(), "old.orders", {"17"}),
      "the key is ambiguous: old.orders has the key (id, customer_id); give its 2 parts in this order");
  CAF_CHECK_EQUAL(refusal(small_shop(), "orders", {"17", "18"}),
                  "public.orders has the key (id); give its 1 parts in this order");
}

CAF_TEST(a key of another type is refused with the column) {
  CAF_CHECK_EQUAL(refusal(small_shop(), "orders", {"seventeen"}),
                  "public.orders: column id (bigint): expected an integer, found seventeen");
}
