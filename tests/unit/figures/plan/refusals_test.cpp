#define CAF_SUITE figures.refusals
#include "tests/unit/figures/plan/catalog_of_shop.hpp"

#include "caf/test/unit_test.hpp"

using namespace millrace;
using millrace::test::plan_of_shop;

namespace {

std::string all(const planning& x) {
  std::string out;
  for (auto& refused : x.refusals)
    out += to_text(refused);
  return out;
}

/// Checks that the figure is refused, once, with these words in its text.
void refused(const std::string& target, const std::string& sql, const std::string& message,
             const std::string& advice) {
  auto x = plan_of_shop("-- redis: " + target + "\n" + sql + ";\n");
  if (x.refusals.size() != 1) {
    CAF_ERROR("expected one refusal for " << sql << ", got: " << all(x));
    return;
  }
  auto& first = x.refusals[0];
  if (first.message.find(message) == std::string::npos)
    CAF_ERROR(sql << ": expected '" << message << "', got: " << to_text(first));
  if (first.advice.find(advice) == std::string::npos)
    CAF_ERROR(sql << ": expected the advice '" << advice << "', got: " << to_text(first));
  CAF_CHECK(first.line >= 1 && first.column >= 1);
}

void accepted(const std::string& target, const std::string& sql) {
  auto x = plan_of_shop("-- redis: " + target + "\n" + sql);
  if (!x.refusals.empty())
    CAF_ERROR(all(x));
  CAF_CHECK_EQUAL(x.plans.figures.size(), 1u);
}

} // namespace

CAF_TEST(joins but the inner one on a primary key are refused) {
  auto geo = "hash g field {state}";
  auto select = std::string("SELECT state, count(*) FROM orders ");
  refused(geo, select + "LEFT JOIN customers ON customers.id = customer_id GROUP BY state",
          "outer joins aren't supported", "inner join");
  refused(geo, select + "FULL JOIN customers ON customers.id = customer_id GROUP BY state",
          "outer joins aren't supported", "inner join");
  refused(geo, select + "JOIN customers USING (id) GROUP BY state", "USING", "ON parent.id");
  refused(geo, select + "NATURAL JOIN customers GROUP BY state", "NATURAL", "ON parent.id");
  refused(geo, select + "CROSS JOIN customers GROUP BY state", "has no condition", "inner join");
  refused(geo, select + ", customers GROUP BY state", "separated by commas", "JOIN parent");
  refused(geo, select + "JOIN customers ON customers.name = note GROUP BY state", "complete primary key",
          "primary key");
  refused(geo, select + "JOIN customers ON customers.id < customer_id GROUP BY state", "a join by <",
          "parent.id =");
  refused("hash g field {status}",
          "SELECT o.status, count(*) FROM orders o JOIN orders p ON p.id = o.id GROUP BY o.status",
          "self joins aren't supported", "two figures");
  refused(geo,
          select
              + "JOIN customers ON customers.id = customer_id JOIN order_items i ON i.order_id = orders.id "
                "GROUP BY state",
          "two joins", "two figures");
  refused("json o:{id}", "SELECT orders.id, state FROM orders JOIN customers ON customers.id = customer_id",
          "plain columns of a join", "aggregates");
  refused(geo,
          "SELECT state, count(*) FROM orders JOIN customers ON customers.id = orders.note GROUP BY state",
          "a join of text", "same type");
}

CAF_TEST(everything that is not one plain grouped select is refused by its name) {
  auto x = "string n";
  refused(x, "SELECT count(*) FROM (SELECT 1) s", "subqueries", "two figures");
  refused(x, "SELECT count(*) FROM orders WHERE id IN (SELECT id FROM customers)", "subqueries", "join");
  refused(x, "WITH a AS (SELECT 1) SELECT count(*) FROM orders", "CTEs (WITH)", "two figures");
  refused(x, "SELECT count(*) FROM orders UNION SELECT 1", "UNION", "two figures");
  refused(x, "SELECT DISTINCT status FROM orders", "DISTINCT", "GROUP BY");
  refused(x, "SELECT count(*) OVER () FROM orders", "window functions aren't supported", "two figures");
  refused(x, "SELECT count(*) FROM orders ORDER BY 1", "ORDER BY", "leave it out");
  refused(x, "SELECT count(*) FROM orders LIMIT 1", "LIMIT", "ZRANGE");
  refused(x, "SELECT count(*) FROM orders OFFSET 1", "OFFSET", "leave it out");
  refused(x, "SELECT count(DISTINCT status) FROM orders", "count(DISTINCT", "grouped by");
  refused(x, "SELECT sum(total_amount) / count(*) FROM orders", "arithmetic", "two figures");
  refused(x, "SELECT sum(total_amount)::int FROM orders", "a cast", "as it is");
  refused(x, "SELECT sum(total_amount + 1) FROM orders", "arithmetic", "column * column");
  refused(x, "SELECT count(*) FROM orders FOR UPDATE", "FOR UPDATE", "leave it out");
  refused(x, "SELECT stddev(total_amount) FROM orders", "the function stddev", "sum, avg");
  refused(x, "SELECT CASE WHEN paid THEN 1 END FROM orders", "CASE", "FILTER");
  refused(x, "DELETE FROM orders", "isn't a SELECT", "a SELECT");
  refused(x, "SELECT 1", "has no FROM", "FROM");
  refused(x, "SELECT count(*) FROM ONLY orders", "ONLY", "alone");
  refused(x, "SELECT count(*) FROM orders WHERE id = $1", "parameters", "a constant");
  refused(x, "SELECT cuont(*) FORM orders", "syntax error", "");
  refused("hash h field {status}", "SELECT status, count(*) FROM orders GROUP BY ROLLUP (status)", "ROLLUP",
          "each grouping");
}

CAF_TEST(inexact sums are refused) {
  auto x = "string n";
  refused(x, "SELECT sum(weight) FROM orders", "sum of the column weight of type double precision",
          "numeric(p,s)");
  refused(x, "SELECT avg(weight) FROM orders", "avg of the column weight", "order");
  refused(x, "SELECT sum(free) FROM orders", "sum of the column free of type numeric", "18 digits");
  refused(x, "SELECT sum(quantity * stock) FROM order_items", "a product of two integers", "numeric(p,s)");
  refused(x, "SELECT sum(o.total_amount * c.id) FROM orders o JOIN customers c ON c.id = o.customer_id",
          "a product of columns of two tables", "one table");
  refused(x, "SELECT max(status) FROM orders", "max of the column status", "of text");
  accepted(x, "SELECT sum(quantity * unit_price) FROM order_items");
  accepted(x, "SELECT sum(big * total_amount) FROM orders");
}

CAF_TEST(a target must fit the groups) {
  auto grouped = "SELECT status, count(*) FROM orders GROUP BY status";
  refused("string n", grouped, "the group column status isn't in the target", "{status}");
  refused("hash h", grouped, "the group column status isn't in the target", "{status}");
  refused("string n:{status}", "SELECT count(*) FROM orders GROUP BY status", "no column status",
          "one of count");
  refused("string n", "SELECT count(*) FROM orders GROUP BY status", "neither in the SELECT list",
          "placeholder");
  refused("string n:{count}", grouped, "is an aggregate", "GROUP BY");
  refused("string {status}", grouped, "needs a literal prefix", "prefix:");
  refused("hash h field {state}", grouped, "no column state", "status, count");
  refused("hash h field {status}", "SELECT status, count(*), sum(points) FROM orders GROUP BY status",
          "shows one column", "hash K");
  refused("hash h:{status}", "SELECT status FROM orders GROUP BY status", "has no fields", "beside");
  refused("zset z member {status} score status", grouped, "a placeholder can't be the score", "score count");
  refused("zset z member {status} score last",
          "SELECT status, max(order_date) AS last FROM orders GROUP BY status", "isn't a number", "count");
  refused("json o:{status}", "SELECT id, status FROM orders", "aren't the primary key", "{id}");
  refused("zset o member {id} score points", "SELECT id, points FROM orders",
          "plain columns as anything but json", "grouped by the primary key");
  refused("hash h:{status}{customer_id}", "SELECT status, customer_id, count(*) FROM orders GROUP BY 1, 2",
          "no text separates {status}", "a colon");
  refused("hash h:{customer_id}7{status}", "SELECT status, customer_id, count(*) FROM orders GROUP BY 1, 2",
          "no text separates {customer_id}", "a colon");
  refused("hash h:{status}", "SELECT status, customer_id AS a, count(*) AS a FROM orders GROUP BY 1, 2",
          "two columns named a", "AS");
  refused("hash h:{status}", "SELECT status, points, count(*) FROM orders GROUP BY status",
          "points isn't in GROUP BY", "GROUP BY ..., points");
  accepted("hash h:{customer_id}:{status}", "SELECT status, customer_id, count(*) FROM orders GROUP BY 1, 2");
  accepted("hash h:{customer_id}-{status}", "SELECT status, customer_id, count(*) FROM orders GROUP BY 1, 2");
}

CAF_TEST(a place that may meet ours is refused) {
  auto count = "SELECT count(*) FROM orders";
  for (auto key : {"millrace:x", "cdc:stats:total", "alerts:x", "batch_jobs:completed",
                   "metrics:orders:created", "metrics:x:y:deleted"})
    refused(std::string("string ") + key, count, "can write Millrace's own keys", "another prefix");
  refused("string batch_summary:latest", count, "which is for batch figures", "every 60s");
  refused("hash metrics:{status}", "SELECT status || '' , count(*) FROM orders GROUP BY 1", "the operator ||",
          "");
  refused("hash metrics:{status}:{note}", "SELECT status, note, count(*) FROM orders GROUP BY 1, 2",
          "metrics:TABLE:created", "another prefix");
  accepted("hash metrics:{status}", "SELECT status, count(*) FROM orders GROUP BY 1");
  accepted("string metrics:revenue:total", count);
}

CAF_TEST(tables whose WAL lacks old rows are refused with the command to run) {
  auto x = "string n";
  refused(x, "SELECT count(*) FROM keyless", "has no primary key",
          "ALTER TABLE public.keyless ADD PRIMARY KEY");
  refused(x, "SELECT count(*) FROM later", "deferrable",
          "ALTER TABLE public.later DROP CONSTRAINT later_pkey, ADD PRIMARY KEY (id)");
  refused(x, "SELECT count(*) FROM moody", "mood is of a domain over an enum (ours)",
          "ALTER TABLE public.moody ALTER COLUMN mood TYPE the enum itself");
  refused(x, "SELECT count(*) FROM seen", "a view", "the table that it reads");
  refused(x, "SELECT count(*) FROM part", "a partition", "ordinary");
  refused(x, "SELECT count(*) FROM nothing", "no table nothing in public", "schema");
  refused(x, "SELECT count(*) FROM other.orders", "no table other.orders", "schema");
  refused(x, "SELECT count(*) FROM pg_catalog.pg_class", "no table pg_catalog.pg_class", "");
  refused("hash t:{customer_id}", "SELECT customer_id, count(*) FROM thin GROUP BY customer_id",
          "the figure needs the old customer_id", "ALTER TABLE public.thin REPLICA IDENTITY FULL");
  refused("json t:{id}", "SELECT * FROM thin", "status is of type character varying(50)",
          "ALTER TABLE public.thin REPLICA IDENTITY FULL");
  refused(x, "SELECT count(*) FROM thin WHERE status = 'x'", "unchanged long values",
          "REPLICA IDENTITY FULL");
  refused("hash g field {state}",
          "SELECT state, count(*) FROM thin JOIN customers ON customers.id = customer_id GROUP BY 1",
          "the figure needs the old customer_id", "REPLICA IDENTITY FULL");
  accepted("json t:{id}", "SELECT id, customer_id FROM thin");
  refused("json o:{id}", "SELECT * FROM odd", "address is of type inet", "by name");
  refused("json o:{id}", "SELECT id, twice FROM odd", "is generated", "computed from");
  refused("hash o field {loose}", "SELECT loose, count(*) FROM odd GROUP BY loose", "nondeterministic",
          "text");
}

CAF_TEST(the clock stands in windows only) {
  auto x = "string n";
  auto of = [](std::string where) { return "SELECT count(*) FROM orders WHERE " + where; };
  accepted(x, of("order_date > now() - interval '00:05:00'"));
  accepted(x, of("now() - '00:05:00'::interval <= order_date AND status = 'paid'"));
  accepted(x, of("now() - order_date < interval '1 day 00:00:01.5'"));
  accepted(x, of("order_date BETWEEN now() - interval '1 day' AND now() - interval '00:01:00'"));
  accepted(x, of("at > now()"));
  accepted(x, "SELECT count(*) FILTER (WHERE order_date > now() - interval '01:00:00') FROM orders");
  refused(x, of("order_date > now() - interval '00:05:00' OR status = 'paid'"), "now() under OR or NOT",
          "AND");
  refused(x, of("NOT (order_date > now())"), "now() under OR or NOT", "AND");
  refused(x, of("order_date NOT BETWEEN now() - interval '1 day' AND now()"), "now() under OR or NOT", "AND");
  refused(x, of("order_date > now() - interval '1 mon'"), "months", "days");
  refused(x,
          "SELECT count(*) FROM orders JOIN customers ON customers.id = customer_id "
          "WHERE now() BETWEEN order_date AND customers.created_at",
          "BETWEEN over columns of two tables", "BETWEEN");
  refused(x, of("order_date = now()"), "= and <>", "interval");
  refused(x, of("day > now() - interval '1 day'"), "of type date", "timestamp");
  refused(x, of("order_date + interval '1 day' > now()"), "arithmetic", "sum");
  refused(x, of("now() > now() - interval '1 day'"), "this comparison with now()", "interval");
  refused(x, of("total_amount > now()"), "of type numeric(10,2)", "timestamp");
  refused(x, "SELECT now(), count(*) FROM orders", "", "");
  refused(x, of("order_date > current_timestamp"), "the date, the time or the user", "now()");
  refused(x, of("order_date > clock_timestamp()"), "the clock of a figure is now()", "now()");
  refused(x, "SELECT count(*) FROM orders WHERE order_date > 'today'", "moves with the clock", "written out");
  refused("hash m:{m}", "SELECT date_trunc('minute', at) AS m, count(*) FROM orders GROUP BY 1",
          "timestamp with time zone", "timestamp (without time zone) column");
  refused("hash m:{m}", "SELECT to_char(day, 'YYYY') AS m, count(*) FROM orders GROUP BY 1", "of type date",
          "timestamp");
  refused("hash m:{m}", "SELECT to_char(total_amount, '999') AS m, count(*) FROM orders GROUP BY 1",
          "numeric(10,2)", "timestamp");
  for (auto format :
       {"YYYY-Mon", "DDD", "SSSS", "YYYYY", "HH12", "FMMM", "YYYY\"T\"MM", "yyyy", "", "--", "IYYY"})
    refused("hash m:{m}",
            "SELECT to_char(order_date, '" + std::string(format) + "') AS m, count(*) FROM orders GROUP BY 1",
            "to_char with the format", "HH24");
  refused("hash m:{m}", "SELECT date_trunc('fortnight', order_date) AS m, count(*) FROM orders GROUP BY 1",
          "date_trunc('fortnight'", "quarter");
  refused("hash m:{m}", "SELECT upper(status) AS m, count(*) FROM orders GROUP BY 1", "the function upper",
          "date_trunc");
}

CAF_TEST(conditions that no row can tell exactly are refused) {
  auto where = [](const std::string& p, const std::string& message, const std::string& advice) {
    refused("string n", "SELECT count(*) FROM orders WHERE " + p, message, advice);
  };
  where("status < 'm'", "< and > on the column status", "LIKE 'prefix%'");
  where("status BETWEEN 'a' AND 'b'", "< and > on the column status", "=, IN");
  where("status LIKE '%x'", "only prefixes are", "LIKE 'prefix%'");
  where("status LIKE 'a_b%'", "only prefixes are", "LIKE 'prefix%'");
  where("status ILIKE 'a%'", "ILIKE", "LIKE 'prefix%'");
  where("status ~ 'a'", "the operator ~", "");
  where("weight > 1.5", "weight of type double precision can't be compared", "numeric(p,s)");
  where("code = 'abc'", "code of type character(3)", "text");
  where("free = 1", "free of type numeric", "numeric(p,s)");
  where("status = NULL", "never true", "IS NULL");
  where("points = ANY (ARRAY[1])", "ANY and ALL", "IN");
  where("status IS DISTINCT FROM 'a'", "IS DISTINCT FROM", "IS NULL");
  where("paid IS TRUE", "IS TRUE", "by itself");
  where("points", "isn't a condition", "a comparison");
  where("points = status", "a comparison of", "same type");
  where("1 = 1", "no plain column", "column = constant");
  where("points > 'abc'", "more than 18 digits", "");
  where("points > 1234567890123456789012", "more than 18 digits", "smaller");
  where("order_date < '294276-12-31 23:59:59'", "can't be compared with the column order_date",
        "of that type");
  where("order_date > date '2024-01-01'", "the constant is cast to date", "without the cast");
  where("total_amount + 1 > 2", "arithmetic", "");
  where("nothing = 1", "no column nothing in public.orders", "");
  refused(
      "string n",
      "SELECT count(*) FROM orders o JOIN customers c ON c.id = o.customer_id WHERE o.paid OR c.state = 'CA'",
      "under OR or NOT over columns of two tables", "joined by AND");
  refused("string n",
          "SELECT count(*) FROM orders o JOIN customers c ON c.id = o.customer_id WHERE o.status = c.state",
          "columns of two tables can't be compared", "within one table");
  refused("string n", "SELECT count(*) FROM orders o JOIN customers c ON c.id = o.customer_id WHERE id = 1",
          "the column id is in both tables", "o.id or c.id");
}

CAF_TEST(having is for keyed figures and compares an aggregate with a constant) {
  refused("hash h field {status}", "SELECT status, count(*) FROM orders GROUP BY 1 HAVING count(*) > 1",
          "HAVING on a rolled-up figure", "primary or foreign key");
  refused("string s:{customer_id}",
          "SELECT customer_id, count(*) FROM orders GROUP BY 1 HAVING count(*) > sum(points)",
          "this HAVING isn't supported", "aggregate cmp constant");
  refused("string s:{customer_id}",
          "SELECT customer_id, count(*) FROM orders GROUP BY 1 HAVING count(*) > 1 AND sum(points) > 2",
          "this HAVING isn't supported", "one");
  accepted("string s:{customer_id}",
           "SELECT customer_id, count(*) FROM orders GROUP BY 1 HAVING 1 < count(*)");
}

CAF_TEST(a ttl needs something that says when a place is over) {
  refused("hash h field {status} ttl 1h", "SELECT status, count(*) FROM orders GROUP BY 1",
          "a rolled-up figure with a ttl needs a time key", "to_char");
  refused("hash h:{m} ttl 1h", "SELECT to_char(order_date, 'MM-DD') AS m, count(*) FROM orders GROUP BY 1",
          "needs a time key", "YYYYMMDD");
  refused("hash h:{m} ttl 1h", "SELECT to_char(order_date, 'YYYY-DD') AS m, count(*) FROM orders GROUP BY 1",
          "needs a time key", "YYYYMMDD");
  refused("zset z member {customer_id} score count ttl 1h",
          "SELECT customer_id, count(*) FROM orders GROUP BY 1", "one field or zset member can't have a ttl",
          "hash K");
  accepted("hash h:{m} ttl 1h",
           "SELECT date_trunc('hour', order_date) AS m, count(*) FROM orders GROUP BY 1");
  accepted("hash h:{customer_id} ttl 1h", "SELECT customer_id, count(*) FROM orders GROUP BY 1");
}

CAF_TEST(a constant in coalesce prints as the column does) {
  refused("hash h field {c}", "SELECT coalesce(total_amount, 0) AS c, count(*) FROM orders GROUP BY 1",
          "hasn't the scale", "0.00");
  refused("hash h field {c}", "SELECT coalesce(points, 0.5) AS c, count(*) FROM orders GROUP BY 1",
          "hasn't the scale", ": 0");
  refused("hash h field {c}", "SELECT coalesce(status, note) AS c, count(*) FROM orders GROUP BY 1",
          "should stand", "text");
  accepted("hash h field {c}", "SELECT coalesce(total_amount, 0.00) AS c, count(*) FROM orders GROUP BY 1");
  accepted("hash h field {c}", "SELECT coalesce(status, 'none') AS c, count(*) FROM orders GROUP BY 1");
}

CAF_TEST(all refusals of all files come at once in their order) {
  auto x =
      plan_texts({{"a.sql", "-- redis: string n\nSELECT 1;\n-- redis: list x\nSELECT count(*) FROM orders;"},
                  {"b.sql", "SELECT 2;\n-- redis: string z\n"},
                  {"c.sql", "-- redis: string q\nSELECT 'open"}},
                 test::catalog_of_shop(), {"public"}, {});
  CAF_REQUIRE_EQUAL(x.refusals.size(), 5u);
  CAF_CHECK_EQUAL(x.refusals[0].file, "a.sql");
  CAF_CHECK_EQUAL(x.refusals[0].line, 2);
  CAF_CHECK_EQUAL(x.refusals[1].line, 3);
  CAF_CHECK_EQUAL(x.refusals[1].column, 11);
  CAF_CHECK(x.refusals[2].message.find("this statement has no target line") == 0);
  CAF_CHECK(x.refusals[3].message.find("this target line has no statement") == 0);
  CAF_CHECK(x.refusals[4].message.find("unterminated") == 0);
  CAF_CHECK(x.plans.figures.empty());
}

CAF_TEST(a refusal shows the line and a caret below what it means) {
  auto x = plan_of_shop("\n-- redis: string Größe\n\tSELECT 'é' = status, nothing FROM orders");
  CAF_REQUIRE_EQUAL(x.refusals.size(), 1u);
  x = plan_of_shop("-- redis: json ö:{id}\n\tSELECT id, \"nöthing\" FROM orders");
  CAF_REQUIRE_EQUAL(x.refusals.size(), 1u);
  CAF_CHECK_EQUAL(to_text(x.refusals[0]), "f.sql:2:13: there is no column nöthing in public.orders\n"
                                          "    \tSELECT id, \"nöthing\" FROM orders\n"
                                          "    \t           ^\n");
}

CAF_TEST(two figures with one place or one name are refused with both places named) {
  auto count = std::string("SELECT count(*) FROM orders;\n");
  auto x = plan_of_shop("-- redis: string a name x\n" + count + "-- redis: string b name x\n" + count);
  CAF_REQUIRE_EQUAL(x.refusals.size(), 1u);
  CAF_CHECK(x.refusals[0].message.find("the name x is taken by f.sql:1") == 0);
  x = plan_of_shop("-- redis: string a\n" + count + "-- redis: hash a\n" + count);
  CAF_REQUIRE_EQUAL(x.refusals.size(), 1u);
  CAF_CHECK(x.refusals[0].message.find("it can write the same Redis key as the figure f.1 (f.sql:1)") == 0);
  auto by_state = std::string("SELECT state, count(*) FROM customers GROUP BY state;\n");
  x = plan_of_shop("-- redis: string c:{state}\n" + by_state + "-- redis: string c:all\n" + count);
  CAF_CHECK_EQUAL(x.refusals.size(), 1u); // a state may be called all
  x = plan_of_shop(
      "-- redis: string c:{customer_id}\nSELECT customer_id, count(*) FROM orders GROUP BY 1;\n-- "
      "redis: string c:all\n"
      + count);
  CAF_CHECK_EQUAL(x.refusals.size(), 0u); // a number isn't
  x = plan_of_shop("-- redis: string c:{state}\n" + by_state + "-- redis: string c:a:b\n" + count);
  CAF_CHECK_EQUAL(x.refusals.size(), 0u); // a text has no colon
}

CAF_TEST(two hashes share a key if their fields differ and they expire alike) {
  auto orders = std::string("SELECT customer_id, count(*) AS n FROM orders GROUP BY 1;\n");
  auto customers = std::string("SELECT id, count(*) AS m FROM customers GROUP BY 1;\n");
  auto same = std::string("SELECT id, count(*) AS n FROM customers GROUP BY 1;\n");
  auto count = [](const std::string& text) { return plan_of_shop(text).refusals.size(); };
  auto a = std::string("-- redis: hash c:{customer_id}\n") + orders;
  CAF_CHECK_EQUAL(count(a + "-- redis: hash c:{id}\n" + customers), 0u);
  CAF_CHECK_EQUAL(count(a + "-- redis: hash c:{id}\n" + same), 1u);
  CAF_CHECK_EQUAL(count(a + "-- redis: hash c:{id} ttl 1h\n" + customers), 1u);
  CAF_CHECK_EQUAL(count(a + "-- redis: string c:{id}\n" + customers), 1u);
  auto field = [](const std::string& f, const std::string& column) {
    return "-- redis: hash h field " + f + "\nSELECT " + column + ", count(*) FROM orders GROUP BY 1;\n";
  };
  CAF_CHECK_EQUAL(count(field("s:{status}", "status") + field("c:{customer_id}", "customer_id")), 0u);
  CAF_CHECK_EQUAL(count(field("{status}", "status") + field("{customer_id}", "customer_id")), 1u);
}
