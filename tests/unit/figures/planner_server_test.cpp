#define CAF_SUITE figures.planner_server
#include "actors/figures/explain.hpp"
#include "actors/figures/planner.hpp"

#include "tests/unit/postgres_server.hpp"

#include <algorithm>

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

CAF_TEST(the figures of the shop are planned) {
  auto planned = plan_figures({"sql/figures"}, shop());
  CAF_CHECK_EQUAL(all(planned.refusals), "");
  auto& plans = planned.plans;
  CAF_CHECK_EQUAL(plans.figures.size(), 16u);
  CAF_CHECK_EQUAL(plans.tables.size(), 4u);
  // own routes, orders by customer, order_items by product
  CAF_CHECK_EQUAL(plans.routes.size(), 6u);
  bool refused = true;
  CAF_CHECK(!check_figures({"sql/figures"}, shop(), refused).empty());
  CAF_CHECK(!refused);
}
