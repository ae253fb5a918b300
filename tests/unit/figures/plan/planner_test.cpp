#define CAF_SUITE figures.planner
#include "tests/unit/figures/plan/catalog_of_shop.hpp"

#include "actors/figures/plan/explain.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <stdexcept>

#include "caf/test/unit_test.hpp"

using namespace millrace;
using millrace::test::plan_of_shop;

namespace {

plan_set good(const std::string& text) {
  auto x = plan_of_shop(text);
  std::string all;
  for (auto& refused : x.refusals)
    all += to_text(refused);
  if (!all.empty())
    CAF_FAIL(all);
  return x.plans;
}

plan_set one(const std::string& target, const std::string& sql) {
  return good("-- redis: " + target + "\n" + sql);
}

std::string entity_of(const plan_set& x) { return x.tables[x.figures[0].entity.value].table.name; }

/// "customer_id total_amount | status": those that rest, then those that pass.
std::string columns_of(const plan_set& x, route_id of) {
  auto& way = x.routes[of.value];
  std::string out;
  for (std::size_t i = 0; i < way.columns.size(); ++i)
    out += (i == way.kept ? "| " : "") + x.tables[way.table.value].table.columns[way.columns[i]].name + " ";
  return out;
}

const constant& constant_of(const plan_set& x) { return x.figures[0].where.at(0).constants.at(0); }

} // namespace

CAF_TEST(a primary key among the group keys makes a figure keyed at its own table) {
  auto x = one("string o:{id}", "SELECT id, sum(points) FROM orders GROUP BY id");
  CAF_CHECK(x.figures[0].what == figure_kind::keyed);
  CAF_CHECK_EQUAL(entity_of(x), "orders");
  CAF_CHECK(x.routes[x.figures[0].child.value].own);
  CAF_CHECK_EQUAL(columns_of(x, x.figures[0].child), "id points ");
}

CAF_TEST(a foreign key among the group keys makes a figure keyed at the table it names) {
  auto x = one("hash c:{customer_id}:{status}",
               "SELECT customer_id, status, count(*) FROM orders WHERE paid GROUP BY customer_id, status");
  CAF_CHECK(x.figures[0].what == figure_kind::keyed);
  CAF_CHECK_EQUAL(entity_of(x), "customers");
  auto& way = x.routes[x.figures[0].child.value];
  CAF_CHECK(!way.own);
  CAF_CHECK(way.by == std::vector<std::uint16_t>{1});
  CAF_CHECK_EQUAL(columns_of(x, x.figures[0].child), "customer_id status paid ");
  // customers is only an entity: no topic of its own, and orders are counted at their own route
  CAF_REQUIRE_EQUAL(x.tables.size(), 2u);
  CAF_CHECK(!x.tables[0].captured && x.tables[1].captured);
  CAF_CHECK_EQUAL(x.routes.size(), 2u);
}

CAF_TEST(a figure by anything else is rolled up at its own table) {
  auto x = one("hash s field {status}", "SELECT status, count(*) FROM orders GROUP BY status");
  CAF_CHECK(x.figures[0].what == figure_kind::rolled_up);
  CAF_CHECK_EQUAL(entity_of(x), "orders");
  x = one("string n", "SELECT count(*) FROM orders");
  CAF_CHECK(x.figures[0].what == figure_kind::rolled_up);
  CAF_CHECK(x.figures[0].keys.empty());
}

CAF_TEST(a part of a composite key does not make a figure keyed) {
  auto x = one("string l:{invoice}", "SELECT invoice, sum(price) FROM lines GROUP BY invoice");
  CAF_CHECK(x.figures[0].what == figure_kind::rolled_up);
  x = one("string l:{invoice}:{number}",
          "SELECT number, invoice, sum(price) FROM lines GROUP BY number, invoice");
  CAF_CHECK(x.figures[0].what == figure_kind::keyed);
}

CAF_TEST(a composite foreign key is followed in the order of the key it names) {
  auto x = one("string r:{inv}:{n}", "SELECT n, inv, count(*) FROM returns GROUP BY n, inv");
  CAF_CHECK_EQUAL(entity_of(x), "lines");
  // (n, inv) refers to (number, invoice); the primary key is (invoice, number)
  CAF_CHECK((x.routes[x.figures[0].child.value].by == std::vector<std::uint16_t>{2, 1}));
  x = one("hash r field {sku}", "SELECT sku, count(*) FROM returns JOIN lines ON lines.number = n AND inv = "
                                "lines.invoice GROUP BY sku");
  CAF_CHECK((x.routes[x.figures[0].child.value].by == std::vector<std::uint16_t>{2, 1}));
  CAF_CHECK_EQUAL(columns_of(x, x.figures[0].child), "n inv ");
  CAF_CHECK_EQUAL(columns_of(x, *x.figures[0].parent), "invoice number sku ");
}

CAF_TEST(a join is at the parent whichever table stands first) {
  for (auto from : {"orders JOIN customers ON customers.id = orders.customer_id",
                    "customers JOIN orders ON orders.customer_id = customers.id"}) {
    auto x = one("json g:{state}", std::string("SELECT state, sum(total_amount), count(name) FROM ") + from
                                       + " WHERE paid AND name LIKE 'A%' GROUP BY customers.state");
    CAF_CHECK_EQUAL(entity_of(x), "customers");
    CAF_CHECK(x.figures[0].what == figure_kind::rolled_up);
    CAF_CHECK_EQUAL(columns_of(x, x.figures[0].child), "customer_id total_amount paid ");
    CAF_CHECK_EQUAL(columns_of(x, *x.figures[0].parent), "id state name ");
    CAF_CHECK(x.figures[0].keys[0].column.from == side::parent);
    CAF_CHECK_EQUAL(x.figures[0].keys[0].column.column, 1);
    CAF_CHECK(x.figures[0].aggregates[1].factors[0].from == side::parent);
  }
}

CAF_TEST(a join is keyed by the parents key or the childs column that equals it) {
  for (auto key : {"c.id", "o.customer_id"}) {
    auto k = std::string(key);
    auto x = one("string j:{k}",
                 "SELECT " + k + " AS k, count(*) FROM orders o JOIN customers c ON c.id = o.customer_id"
                     + " GROUP BY " + k + " HAVING count(*) > 1");
    CAF_CHECK(x.figures[0].what == figure_kind::keyed);
  }
}

CAF_TEST(a projection shows columns that need not rest in the cell) {
  auto x = good("-- redis: json o:{id} ttl 2h\nSELECT * FROM orders WHERE paid;\n"
                "-- redis: hash s field {status}\nSELECT status, count(*) FROM orders GROUP BY status;");
  CAF_CHECK(x.figures[0].what == figure_kind::projection);
  CAF_CHECK_EQUAL(x.routes.size(), 1u);
  auto& way = x.routes[0];
  CAF_CHECK_EQUAL(way.kept, 1);
  CAF_CHECK_EQUAL(way.columns.size(), 14u);
  CAF_CHECK_EQUAL(way.columns[0], 3); // status rests, and so stands first
  CAF_CHECK_EQUAL(x.figures[0].outputs[3].name, "status");
  CAF_CHECK_EQUAL(x.figures[0].outputs[3].index, 0);
  CAF_CHECK_EQUAL(way.columns[x.figures[0].outputs[0].index], 0);
  CAF_CHECK_EQUAL(x.figures[0].place.ttl_seconds, 7200u);
}

CAF_TEST(group by takes a number or an alias but a column of that name goes first) {
  auto x = one("hash h field {status}",
               "SELECT to_char(order_date, 'YYYY') AS status, count(*) FROM orders GROUP BY 1");
  CAF_CHECK(x.figures[0].keys[0].what == key_expression::kind::to_char);
  x = one("hash h field {bucket}",
          "SELECT date_trunc('day', order_date) AS bucket, count(*) FROM orders GROUP BY bucket");
  CAF_CHECK(x.figures[0].keys[0].what == key_expression::kind::date_trunc);
  // here status is the table's column, so the SELECT list isn't grouped
  auto refused =
      plan_of_shop("-- redis: hash h field {status}\nSELECT to_char(order_date, 'YYYY') AS status, count(*)"
                   " FROM orders GROUP BY status");
  CAF_CHECK_EQUAL(refused.refusals.size(), 1u);
}

CAF_TEST(sums have the type and scale that PostgreSQL gives them) {
  auto x =
      one("json c:{customer_id}",
          "SELECT customer_id, sum(id) AS i, sum(points) AS b, sum(total_amount) AS n, sum(big * "
          "total_amount) AS p,"
          " avg(id) AS a, max(order_date) AS m, count(*) FILTER (WHERE paid AND status IN ('a', 'b')) AS f"
          " FROM orders GROUP BY customer_id");
  auto& a = x.figures[0].aggregates;
  using postgres::column_type;
  CAF_CHECK(a[0].type == column_type::bigint && a[0].scale == 0);
  CAF_CHECK(a[1].type == column_type::numeric && a[1].scale == 0);
  CAF_CHECK(a[2].type == column_type::numeric && a[2].scale == 2);
  CAF_CHECK(a[3].type == column_type::numeric && a[3].scale == 6);
  CAF_CHECK(a[4].type == column_type::numeric);
  CAF_CHECK(a[5].type == column_type::timestamp);
  CAF_CHECK_EQUAL(a[6].filter.size(), 2u);
  CAF_CHECK_EQUAL(a[6].filter[1].constants.size(), 2u);
}

CAF_TEST(constants take the form of their column) {
  auto of = [](const std::string& p) {
    return constant_of(one("string n", "SELECT count(*) FROM orders WHERE " + p));
  };
  CAF_CHECK(of("total_amount > 10.5").content == value(std::int64_t{105}));
  CAF_CHECK_EQUAL(of("total_amount > 10.5").scale, 1);
  CAF_CHECK(of("points = -3").content == value(std::int64_t{-3}));
  CAF_CHECK(of("points < 9000000000").content == value(std::int64_t{9000000000}));
  CAF_CHECK(of("points < 0.25").content == value(std::int64_t{25}));
  CAF_CHECK(of("total_amount = 'NaN'").content == value(not_a_number{}));
  CAF_CHECK(of("paid = true").content == value(std::int64_t{1}));
  CAF_CHECK(of("status = 'it''s'").content == value("it's"));
  CAF_CHECK(of("day >= '1970-01-11'").content == value(std::int64_t{10}));
  CAF_CHECK(of("order_date < '1970-01-02 00:00:01.5'").content == value(std::int64_t{86'401'500'000}));
  CAF_CHECK(of("order_date < timestamp '2000-02-29 00:00:00'").content
            == value(std::int64_t{951'782'400'000'000}));
  CAF_CHECK(of("at > '1970-01-01 00:00:00+00'").content == value(std::int64_t{0}));
  CAF_CHECK(of("order_date < 'infinity'").content == value(plus_infinity));
  CAF_CHECK(of("status LIKE 'ab%'").content == value("ab"));
}

CAF_TEST(a constant on the left turns the comparison round) {
  auto x = one("string n", "SELECT count(*) FROM orders WHERE 5 <= points");
  CAF_CHECK(x.figures[0].where[0].cmp == comparison::ge);
}

CAF_TEST(conditions keep their shape) {
  auto x = one("string n", "SELECT count(*) FROM orders WHERE NOT paid AND (points = 1 OR status IS NULL)"
                           " AND status NOT IN ('a') AND points NOT BETWEEN 1 AND 2 AND points <> id");
  auto& w = x.figures[0].where;
  using kind = predicate::kind;
  CAF_REQUIRE_EQUAL(w.size(), 5u);
  CAF_CHECK(w[0].what == kind::negation && w[0].terms[0].what == kind::is_true);
  CAF_CHECK(w[1].what == kind::disjunction && w[1].terms[1].what == kind::is_null);
  CAF_CHECK(w[2].what == kind::negation && w[2].terms[0].what == kind::in);
  CAF_CHECK(w[3].what == kind::negation && w[3].terms[0].what == kind::between);
  CAF_CHECK(w[4].what == kind::compare_column && w[4].cmp == comparison::ne);
}

CAF_TEST(having may use an aggregate that is not shown) {
  auto x = one("string c:{customer_id}",
               "SELECT customer_id, count(*) FROM orders GROUP BY 1 HAVING sum(total_amount) > 10");
  CAF_CHECK_EQUAL(x.figures[0].aggregates.size(), 2u);
  CAF_CHECK_EQUAL(x.figures[0].having->aggregate, 1);
  x = one("string c:{customer_id}",
          "SELECT customer_id, count(*) FROM orders GROUP BY 1 HAVING count(*) > 10");
  CAF_CHECK_EQUAL(x.figures[0].aggregates.size(), 1u);
}

CAF_TEST(quoted and foreign names work) {
  auto x = one("hash ö field {Straße}",
               "SELECT g.\"Straße\", count(*) FROM \"Läden\".\"Größe \"\"x\"\"\" AS g GROUP BY g.\"Straße\"");
  CAF_CHECK_EQUAL(entity_of(x), "Größe \"x\"");
  CAF_CHECK_EQUAL(x.figures[0].outputs[0].name, "Straße");
}

CAF_TEST(the time key of a bucket that closes is found) {
  auto x = one(
      "hash m:{m}:{status} ttl 24h",
      "SELECT status, to_char(order_date, 'YYYYMMDD_HH24MI') AS m, count(*) FROM orders GROUP BY status, m");
  CAF_CHECK_EQUAL(x.figures[0].time_key.value(), 1);
  CAF_CHECK(!one("hash m:{m}", "SELECT date_trunc('day', order_date) AS m, count(*) FROM orders GROUP BY m")
                 .figures[0]
                 .time_key);
}

CAF_TEST(texts are encoded in keys always and in fields where two stand) {
  auto x = one("hash s:{status} field {note}", "SELECT status, note, count(*) FROM orders GROUP BY 1, 2");
  CAF_CHECK(x.figures[0].place.key.encode && !x.figures[0].place.member.encode);
  x = one("hash s field {status}:{note}", "SELECT status, note, count(*) FROM orders GROUP BY 1, 2");
  CAF_CHECK(x.figures[0].place.member.encode);
}

CAF_TEST(a figure is named by its line or its file) {
  auto x = plan_texts({{"d/one.sql", "-- redis: string a\nSELECT count(*) FROM orders"},
                       {"d/two.sql", "-- redis: string b\nSELECT count(*) FROM orders;\n"
                                     "-- redis: string c name third\nSELECT count(*) FROM orders;"}},
                      test::catalog_of_shop(), {"public"}, {});
  CAF_REQUIRE_EQUAL(x.plans.figures.size(), 3u);
  CAF_CHECK_EQUAL(x.plans.figures[0].name, "one");
  CAF_CHECK_EQUAL(x.plans.figures[1].name, "two.1");
  CAF_CHECK_EQUAL(x.plans.figures[2].name, "third");
  CAF_CHECK_EQUAL(x.plans.figures[2].line, 3);
  CAF_CHECK_EQUAL(x.plans.figures[2].sql, "SELECT count(*) FROM orders");
}

CAF_TEST(a file may hold remarks semicolons in quotes and no last semicolon) {
  auto x =
      good("-- a remark about redis: nothing\n/* -- redis: string no */\n-- redis: string a\n-- what it is\n"
           "SELECT count(*) FROM orders WHERE status = ';' -- here\n;;\n\n-- redis: string b\r\nSELECT "
           "count(*) FROM orders\n");
  CAF_REQUIRE_EQUAL(x.figures.size(), 2u);
  CAF_CHECK(constant_of(x).content == value(";"));
  CAF_CHECK(good("").figures.empty());
}

CAF_TEST(plans come back from JSON as they were) {
  auto x = good("-- redis: hash g:{m} field {state} ttl 1h\nSELECT state, date_trunc('hour', order_date) AS "
                "m, avg(total_amount)"
                " FILTER (WHERE total_amount <> 'NaN' OR status IS NULL) FROM orders JOIN customers ON "
                "customers.id = customer_id"
                " WHERE name LIKE 'Å%' GROUP BY 1, 2;\n"
                "-- redis: zset t member {customer_id} score n\nSELECT customer_id, count(*) AS n FROM "
                "orders GROUP BY 1"
                " HAVING count(*) > 2;\n-- redis: json o:{id}\nSELECT * FROM orders;");
  auto text = to_json(x);
  auto back = plans_from_json(text);
  CAF_CHECK_EQUAL(to_json(back), text);
  CAF_CHECK_EQUAL(back.fingerprint(), x.fingerprint());
  CAF_CHECK(back.figures[1].having && back.figures[0].parent && back.figures[0].time_key);
  CAF_CHECK(back.tables[0].table == x.tables[0].table);
  for (auto bad : {"", "{}", "[1]", "{\"tables\":[{}],\"routes\":[],\"figures\":[]}"}) {
    auto thrown = false;
    try {
      plans_from_json(bad);
    } catch (const std::runtime_error&) {
      thrown = true;
    }
    CAF_CHECK(thrown);
  }
}

CAF_TEST(plans of a ledger from before a column had its fraction are read with the hash that they had) {
  auto x = good("-- redis: json o:{id}\nSELECT * FROM orders;");
  auto& column = x.tables[0].table.columns[*x.tables[0].table.find("order_date")];
  column.type_name = "timestamp(3) without time zone";
  column.fraction = 3;
  auto now = nlohmann::json::parse(to_json(x));
  for (auto& table : now["tables"])
    for (auto& each : table["table"]["columns"])
      CAF_CHECK_EQUAL(each.erase("fraction"), 1u);
  auto back = plans_from_json(now.dump());
  CAF_CHECK(back.tables[0].table == x.tables[0].table);
  CAF_CHECK_EQUAL(back.fingerprint(), x.fingerprint());
  CAF_MESSAGE("a domain's name tells nothing: its figures are other ones now");
  column.type_name = "moment";
  auto with_three = x.fingerprint();
  column.fraction = 6;
  CAF_CHECK(x.fingerprint() != with_three);
}

CAF_TEST(a version is of the plan and not of its text or its neighbours) {
  auto first = std::string(
      "-- redis: hash c:{customer_id}\nSELECT customer_id, count(*) AS n FROM orders GROUP BY 1;\n");
  auto version = good(first).figures[0].version;
  auto spaced = "\n\n-- redis:  hash  c:{customer_id} name other\nselect customer_id, count( * ) n from "
                "orders o group by o.customer_id";
  CAF_CHECK_EQUAL(good(spaced).figures[0].version, version);
  auto more = first
              + "-- redis: json o:{id}\nSELECT * FROM orders;\n-- redis: string x:{id}\nSELECT id, max(id) "
                "FROM orders GROUP BY id";
  CAF_CHECK_EQUAL(good(more).figures[0].version, version);
  for (auto changed :
       {"-- redis: hash d:{customer_id}\nSELECT customer_id, count(*) AS n FROM orders GROUP BY 1",
        "-- redis: hash c:{customer_id} ttl 1h\nSELECT customer_id, count(*) AS n FROM orders GROUP BY 1",
        "-- redis: hash c:{customer_id}\nSELECT customer_id, count(*) AS m FROM orders GROUP BY 1",
        "-- redis: hash c:{customer_id}\nSELECT customer_id, count(points) AS n FROM orders GROUP BY 1",
        "-- redis: hash c:{customer_id}\nSELECT customer_id, count(*) AS n FROM orders WHERE paid GROUP BY "
        "1"})
    CAF_CHECK_NOT_EQUAL(good(changed).figures[0].version, version);
}

CAF_TEST(the fingerprint changes with anything that state depends on) {
  auto first = std::string("-- redis: string n\nSELECT sum(points) FROM orders;\n");
  auto print = good(first).fingerprint();
  CAF_CHECK_EQUAL(good("\n" + first).fingerprint(), print);
  CAF_CHECK_NOT_EQUAL(good(first + "-- redis: string m\nSELECT count(*) FROM orders").fingerprint(), print);
  auto catalog = test::catalog_of_shop();
  catalog[1].columns.push_back(test::text("new")); // a column that no figure uses
  auto same = plan_texts({{"f.sql", first}}, catalog, {"public"}, {});
  CAF_CHECK_EQUAL(same.plans.fingerprint(), print);
  catalog[1].columns[5].type = postgres::column_type::numeric;
  auto other = plan_texts({{"f.sql", first}}, catalog, {"public"}, {});
  CAF_CHECK_NOT_EQUAL(other.plans.fingerprint(), print);
}

CAF_TEST(explain tells entity columns and memory) {
  auto x = one("hash g field {state} name geo",
               "SELECT state, sum(total_amount) FROM orders JOIN customers ON customers.id ="
               " customer_id GROUP BY state");
  auto text = explain(x);
  for (auto part :
       {"geo  (f.sql:1)", "rolled up", "public.customers by id", "rows of public.orders by customer_id",
        "public.orders: customer_id, total_amount (about", "one partial", "bytes a row"})
    CAF_CHECK(text.find(part) != std::string::npos);
  CAF_CHECK(bytes_per_row(x.routes[x.figures[0].child.value], x) > 0);
}
