// Buckets of time against PostgreSQL's date_trunc and to_char, and the sorted
// bag that min and max are read from.

#include "actors/figures/fold/value_bag.hpp"
#include "actors/figures/values/buckets.hpp"
#include "actors/figures/values/text.hpp"
#include "tests/unit/postgres_server.hpp"
#include "tests/unit/random_source.hpp"

#include <map>

#define CAF_SUITE figures.buckets
#include "caf/test/unit_test.hpp"

using namespace millrace;
using postgres::column_type;

CAF_TEST(a pattern finds the start of what it printed) {
  time_pattern minute("YYYYMMDD_HH24MI");
  auto at = std::int64_t{1'700'000'000} * 1'000'000;
  CAF_CHECK_EQUAL(minute.print(at).value_or(""), "20231114_2213");
  CAF_CHECK_EQUAL(minute.start_of("20231114_2213").value_or(0), at - 20'000'000);
  CAF_CHECK_EQUAL(time_pattern("DD.MM.YYYY").start_of("14.11.12023").value_or(0),
                  time_pattern("YYYY-MM-DD").start_of("12023-11-14").value_or(1));
  CAF_CHECK(!time_pattern("HH24:MI").start_of("22:13"));
  CAF_CHECK(!minute.start_of("yesterday"));
  CAF_CHECK(!minute.print(plus_infinity));
}

CAF_TEST(buckets of random times are those of PostgreSQL) {
  test::random_source random;
  auto server = test::postgres_server::start(15635);
  auto db = postgres::session::open(server->settings());
  CAF_REQUIRE(static_cast<bool>(db));
  std::string sql = "VALUES ('')";
  std::vector<std::string> expected{""};
  for (std::size_t i = 0; i < test::cases(1000); ++i) {
    auto at = random.between(-100'000'000'000, 300'000'000'000) * 1'000'000 + random.between(0, 999'999);
    auto literal = "timestamp '" + to_text(at, column_type::timestamp, 0) + "'";
    auto unit =
        random.of(std::vector<std::string>{"milliseconds", "second", "minute", "hour", "day", "week", "month",
                                           "quarter", "year", "decade", "century", "millennium"});
    sql += ",(date_trunc('" + unit + "', " + literal + ")::text)";
    expected.push_back(to_text(truncated(at, *unit_from_name(unit)), column_type::timestamp, 0));
    auto format = random.of(
        std::vector<std::string>{"YYYYMMDD_HH24MI", "YYYY-MM-DD HH24:MI:SS", "SS.MI", "MM/DD,YYYY;"});
    sql += ",(to_char(" + literal + ", '" + format + "'))";
    expected.push_back(*time_pattern(format).print(at));
  }
  auto rows = db->query_rows(sql);
  CAF_REQUIRE(static_cast<bool>(rows));
  std::size_t wrong = 0;
  for (std::size_t i = 0; i < expected.size(); ++i)
    if (auto& got = *rows->rows[i][0]; got != expected[i] && ++wrong <= 10)
      CAF_ERROR("case " << i << " is " << got << ", not " << expected[i] << " (seed " << random.seed()
                        << ")");
  CAF_CHECK_EQUAL(wrong, 0u);
}

CAF_TEST(a bag of thousands of values keeps its least and greatest) {
  test::random_source random;
  value_bag bag;
  std::map<std::int64_t, std::int64_t> plain;
  for (int i = 0; i < 20'000; ++i) {
    auto x = random.between(-3000, 3000);
    auto there = plain.find(x);
    auto leaves = there != plain.end() && (i > 10'000 || random.one_in(2));
    bag.add(x, leaves ? -1 : 1);
    if (!leaves)
      ++plain[x];
    else if (--there->second == 0)
      plain.erase(there);
    CAF_REQUIRE_EQUAL(bag.empty(), plain.empty());
    if (!plain.empty()) {
      CAF_REQUIRE_EQUAL(bag.least(), plain.begin()->first);
      CAF_REQUIRE_EQUAL(bag.greatest(), plain.rbegin()->first);
    }
  }
}
