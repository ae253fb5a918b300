#define CAF_SUITE debezium.unknown_tables
#include "actors/sources/debezium/unknown_tables.hpp"

#include "tests/unit/small_shop.hpp"

#include "caf/test/unit_test.hpp"

using namespace millrace;

namespace {

using names = std::map<std::string, std::string>;

names of(const std::map<std::string, int>& topics, const std::string& schema = "millrace") {
  return unknown_tables(topics, "db", "db." + schema + ".anchor", test::small_shop());
}

} // namespace

CAF_TEST(a table that some figure reads is known) {
  CAF_CHECK(of({{"db.public.customers", 8}, {"db.public.orders", 8}}).empty());
}

CAF_TEST(a table that no figure reads is unknown) {
  CAF_CHECK(of({{"db.public.orders", 8}, {"db.public.audit", 8}, {"db.sales.orders", 1}})
            == (names{{"db.public.audit", "public.audit"}, {"db.sales.orders", "sales.orders"}}));
}

CAF_TEST(a name may hold dots) {
  CAF_CHECK(of({{"db.public.a.b", 8}}) == (names{{"db.public.a.b", "public.a.b"}}));
}

CAF_TEST(topics without a table are not reported) {
  CAF_CHECK(of({{"db.message", 1}, {"db.transaction", 1}, {"db.millrace.anchor", 1}, {"db2.public.audit", 8}})
                .empty());
  CAF_CHECK(of({{"db.millrace_mine.anchor", 1}}, "millrace_mine").empty());
}
