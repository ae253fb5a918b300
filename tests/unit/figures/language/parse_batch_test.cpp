#define CAF_SUITE figures.parse_batch
#include "actors/figures/language/parse_batch.hpp"
#include "actors/figures/language/refusal.hpp"

#include <algorithm>

#include "caf/test/unit_test.hpp"

using namespace millrace;

namespace {

/// Returns the refusal's message; empty: it is accepted.
std::string refusal_of(const std::string& sql) {
  try {
    parse_batch(sql);
    return {};
  } catch (const figure_refused& x) {
    return x.message;
  }
}

} // namespace

CAF_TEST(any SELECT is accepted) {
  for (auto sql : {"SELECT 1 AS a", "WITH x AS (SELECT 1 AS a) SELECT a FROM x",
                   "SELECT a FROM t UNION SELECT b FROM u ORDER BY 1 LIMIT 3", "VALUES (1, 2)", "TABLE t",
                   "SELECT percentile_cont(0.8) WITHIN GROUP (ORDER BY x) FROM t",
                   "SELECT row_number() OVER (PARTITION BY a ORDER BY b) FROM t LEFT JOIN u USING (id)"})
    CAF_CHECK_EQUAL(refusal_of(sql), "");
}

CAF_TEST(statements that change something are refused) {
  CAF_CHECK_EQUAL(refusal_of("DELETE FROM t"), "a batch figure is a SELECT");
  CAF_CHECK_EQUAL(refusal_of("CREATE TABLE t (id int)"), "a batch figure is a SELECT");
  CAF_CHECK_EQUAL(refusal_of("EXPLAIN SELECT 1"), "a batch figure is a SELECT");
  for (auto sql : {"WITH x AS (DELETE FROM t RETURNING *) SELECT * FROM x",
                   "WITH x AS (INSERT INTO t VALUES (1) RETURNING *) SELECT * FROM x",
                   "WITH x AS (UPDATE t SET a = 1 RETURNING *) SELECT * FROM x"})
    CAF_CHECK_EQUAL(refusal_of(sql), "a batch figure's query can't change rows");
  CAF_CHECK_EQUAL(refusal_of("SELECT * INTO u FROM t"), "SELECT INTO makes a table");
  CAF_CHECK_EQUAL(refusal_of("SELECT * FROM t FOR UPDATE"), "FOR UPDATE and FOR SHARE lock rows");
  CAF_CHECK_EQUAL(refusal_of("SELECT $1"), "figures can't have parameters");
  CAF_CHECK_EQUAL(refusal_of("SELECT 1; SELECT 2"), "no single statement");
  CAF_CHECK(refusal_of("SELECT FROM WHERE").find("syntax error") != std::string::npos);
}

CAF_TEST(a query that is nested too deeply is refused) {
  std::string sum = "SELECT 1";
  for (int i = 0; i < 100; ++i)
    sum += "+1";
  CAF_CHECK_EQUAL(refusal_of(sum), "");
  for (int i = 0; i < 20'000; ++i)
    sum += "+1";
  auto why = refusal_of(sum);
  CAF_CHECK(why == "the query is nested too deeply" || why.find("stack depth") != why.npos);
}

CAF_TEST(functions are found wherever they are called and once each) {
  std::vector<called_function> expected{{"", "count"}, {"", "random"}, {"audit", "stamp"}};
  auto found = parse_batch("WITH x AS (SELECT count(*) AS n FROM t) SELECT n, count(n) FROM x WHERE n > "
                           "(SELECT random()) OR audit.stamp(n)");
  CAF_CHECK_EQUAL(found.size(), 3u);
  for (auto& one : expected)
    CAF_CHECK(std::find(found.begin(), found.end(), one) != found.end());
}
