#define CAF_SUITE figures.planner_server
#include "actors/figures/plan/explain.hpp"
#include "actors/figures/plan/planner.hpp"

#include "tests/unit/postgres_server.hpp"

#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "caf/test/unit_test.hpp"

using namespace millrace;

namespace {

test::postgres_server& server() {
  static auto one = test::postgres_server::start(15608);
  return *one;
}

/// The shop's tables in a database of their own; made once.
postgres::session& shop() {
  static auto db = [] {
    auto to = server().settings();
    auto admin = postgres::session::open(to);
    if (!admin || !admin->execute("CREATE DATABASE shop"))
      CAF_FAIL("no database");
    to.database = "shop";
    auto opened = postgres::session::open(to);
    if (!opened)
      CAF_FAIL(opened.why().message);
    auto made = opened->execute(
        "CREATE TABLE customers (id serial PRIMARY KEY, first_name varchar(100) NOT NULL, email varchar(255) "
        "UNIQUE,"
        " state varchar(50), created_at timestamp NOT NULL DEFAULT now(), updated_at timestamp);"
        "CREATE TABLE products (id serial PRIMARY KEY, name varchar(255), description text, price "
        "numeric(10,2),"
        " category varchar(100), stock_quantity int);"
        "CREATE TABLE orders (id serial PRIMARY KEY, customer_id int REFERENCES customers, order_date "
        "timestamp,"
        " total_amount numeric(10,2), status varchar(50), shipping_address text);"
        "CREATE TABLE order_items (id serial PRIMARY KEY, order_id int REFERENCES orders, product_id int "
        "REFERENCES"
        " products, quantity int NOT NULL, unit_price numeric(10,2) NOT NULL, created_at timestamp);"
        "ALTER TABLE customers REPLICA IDENTITY FULL; ALTER TABLE products REPLICA IDENTITY FULL;"
        "ALTER TABLE orders REPLICA IDENTITY FULL; ALTER TABLE order_items REPLICA IDENTITY FULL");
    if (!made)
      CAF_FAIL(made.why().message);
    return std::move(*opened);
  }();
  return db;
}

std::string all(const std::vector<refusal>& refused) {
  std::string out;
  for (auto& x : refused)
    out += to_text(x);
  return out;
}

} // namespace

CAF_TEST(the alerts of the shop are planned beside its figures) {
  auto planned = plan_figures({"sql/figures", "sql/alerts"}, shop());
  CAF_CHECK_EQUAL(all(planned.refusals), "");
  std::size_t alerts = 0;
  for (auto& x : planned.plans.figures)
    alerts += x.place.alert.has_value();
  CAF_CHECK_EQUAL(alerts, 6u);
}

CAF_TEST(the figures of the shop are planned) {
  auto planned = plan_figures({"sql/figures"}, shop());
  CAF_CHECK_EQUAL(all(planned.refusals), "");
  auto& plans = planned.plans;
  CAF_CHECK_EQUAL(plans.figures.size(), 17u);
  CAF_CHECK_EQUAL(plans.tables.size(), 4u);
  // own routes, orders by customer, order_items by product
  CAF_CHECK_EQUAL(plans.routes.size(), 6u);
  bool refused = true;
  CAF_CHECK(!check_figures({"sql/figures"}, shop(), refused).empty());
  CAF_CHECK(!refused);
}

namespace {

/// Plans one figure given as text, against the shop's server.
planning plan_one(const std::string& text, const std::string& file = "one.sql") {
  auto folder = std::filesystem::temp_directory_path() / ("millrace-figures-" + std::to_string(::getpid()));
  std::filesystem::create_directories(folder);
  auto path = (folder / file).string();
  std::ofstream(path) << text;
  auto out = plan_figures({path}, shop());
  std::filesystem::remove_all(folder);
  return out;
}

value first_constant(const std::string& condition) {
  auto x = plan_one("-- redis: string n\nSELECT count(*) FROM orders WHERE " + condition);
  if (!x.refusals.empty())
    CAF_FAIL(all(x.refusals));
  return x.plans.figures.at(0).where.at(0).constants.at(0).content;
}

} // namespace

CAF_TEST(a key prefix stands before every key and makes other figures of the same files) {
  auto bare = plan_figures({"sql/figures"}, shop()),
       prefixed = plan_figures({"sql/figures"}, shop(), "mine:");
  CAF_REQUIRE(prefixed.refusals.empty());
  CAF_CHECK_EQUAL(prefixed.plans.key_prefix, "mine:");
  for (auto& x : prefixed.plans.figures)
    CAF_CHECK(x.place.key.pieces.front().literal.starts_with("mine:"));
  CAF_CHECK(bare.plans.fingerprint() != prefixed.plans.fingerprint());
}

CAF_TEST(PostgreSQL says what a literal means) {
  CAF_CHECK(first_constant("order_date >= '2 January 1970'") == value(std::int64_t{86'400'000'000}));
  CAF_CHECK(first_constant("order_date >= '1970-01-01 01:00:00.25 BC'").index() == 1);
  CAF_CHECK(first_constant("order_date >= '-infinity'") == value(minus_infinity));
  CAF_CHECK(first_constant("total_amount > '1e3'") == value(std::int64_t{1000}));
  CAF_CHECK(first_constant("total_amount > 1e-3") == value(std::int64_t{1}));
  CAF_CHECK(first_constant("id = ' 7 '") == value(std::int64_t{7}));
  CAF_CHECK(first_constant("status = ' 7 '") == value(" 7 "));
}

CAF_TEST(what PostgreSQL refuses is refused at its place in its words) {
  auto x = plan_one(
      "-- redis: string n\nSELECT count(*) FROM orders\nWHERE status = 'ÄÖ' AND order_date > 'never'");
  CAF_REQUIRE_EQUAL(x.refusals.size(), 1u);
  CAF_CHECK_EQUAL(x.refusals[0].line, 3);
  CAF_CHECK_EQUAL(x.refusals[0].column, 38);
  CAF_CHECK(x.refusals[0].message.find("invalid input syntax") != std::string::npos);
  x = plan_one("-- redis: string n\nSELECT count(*) FROM orders WHERE status = 'Ä' AND FORM x");
  CAF_REQUIRE_EQUAL(x.refusals.size(), 1u);
  CAF_CHECK_EQUAL(x.refusals[0].column, 57);
  x = plan_one(
      "-- redis: hash c:{x}\nSELECT customer_id AS x, count(*) FROM orders GROUP BY x, orders.nothing");
  CAF_CHECK_EQUAL(x.refusals.size(), 1u);
}

CAF_TEST(types and names are those of the server) {
  auto x = plan_one("-- redis: json c:{customer_id}\nSELECT customer_id, sum(id) AS ids, sum(total_amount), "
                    "avg(id), min(order_date),"
                    " count(*) AS \"Größe\" FROM orders GROUP BY customer_id");
  CAF_CHECK_EQUAL(all(x.refusals), "");
  CAF_REQUIRE_EQUAL(x.plans.figures.size(), 1u);
  CAF_CHECK_EQUAL(x.plans.figures[0].outputs[5].name, "Größe");
  x = plan_one("-- redis: json c:{state}\nSELECT coalesce(state, 'none') AS state, count(email), "
               "min(created_at), avg(id)"
               " FROM customers GROUP BY coalesce(state, 'none')");
  CAF_CHECK_EQUAL(all(x.refusals), "");
}

CAF_TEST(two columns that PostgreSQL names alike are refused) {
  auto x = plan_one("-- redis: json c:{customer_id}\nSELECT customer_id, sum(id), sum(total_amount) FROM "
                    "orders GROUP BY 1");
  CAF_REQUIRE_EQUAL(x.refusals.size(), 1u);
  CAF_CHECK(x.refusals[0].message.find("two columns named sum") == 0);
}

CAF_TEST(a checked figure is held against the figures of the project that it does not stand for) {
  auto folder = std::filesystem::temp_directory_path() / ("millrace-clashes-" + std::to_string(::getpid()));
  std::filesystem::create_directories(folder / "project");
  auto write = [&](const std::string& file, const std::string& text) {
    std::ofstream(folder / file) << text;
    return (folder / file).string();
  };
  const std::string figure = "-- redis: string total name total\nSELECT count(*) AS n FROM orders;\n";
  write("project/total.sql", figure);
  auto same_name =
      write("other.sql", "-- redis: string more name total\nSELECT count(*) AS n FROM orders;\n");
  auto same_place =
      write("place.sql", "-- redis: string total name more\nSELECT count(*) AS n FROM orders;\n");
  auto instead = write("total.sql", figure);
  auto project = std::vector<std::string>{(folder / "project").string()};
  bool refused = false;
  for (auto& file : {same_name, same_place}) {
    CAF_CHECK(check_figures({file}, shop(), refused, "", project).find("1 refusal") != std::string::npos);
    CAF_CHECK(refused);
    check_figures({file}, shop(), refused);
    CAF_CHECK(!refused);
  }
  check_figures({instead}, shop(), refused, "", project);
  CAF_CHECK(!refused);
  std::filesystem::remove_all(folder);
}

CAF_TEST(files that are not there and a server that is gone are told) {
  auto x = plan_figures({"/nowhere/at/all.sql", "sql/figures"}, shop());
  CAF_REQUIRE_EQUAL(x.refusals.size(), 1u);
  CAF_CHECK_EQUAL(x.refusals[0].file, "/nowhere/at/all.sql");
  CAF_CHECK(to_text(x.refusals[0]).find("can't be read") != std::string::npos);
  auto gone = test::postgres_server::start(15612);
  auto db = postgres::session::open(gone->settings());
  CAF_REQUIRE(db);
  gone->stop();
  bool refused = false;
  auto text = check_figures({"sql/figures"}, *db, refused);
  CAF_CHECK(refused);
  CAF_CHECK(text.find("connection") != std::string::npos);
}
