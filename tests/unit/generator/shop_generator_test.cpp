#define CAF_SUITE generator.shop
#include "actors/generator/shop_generator.hpp"

#include "tests/unit/postgres_server.hpp"

#include <cstdlib>
#include <ctime>

#include "caf/test/unit_test.hpp"

using namespace millrace;
using namespace millrace::generator;
using namespace std::chrono_literals;

namespace {

const moment start{1'700'000'000s};

/// One server for all tests, with a database that holds the shop's first rows.
test::postgres_server& shared_server() {
  static auto one = test::postgres_server::start(15680);
  return *one;
}

struct fixture {
  fixture() : to(shared_server().settings()) {
    static const bool made = make_shop();
    CAF_REQUIRE(made);
    copy_shop("shop");
    to.database = "shop";
  }

  bool make_shop() {
    run("CREATE DATABASE pristine");
    auto command = "psql -q -X -h 127.0.0.1 -p " + std::to_string(to.port)
                   + " -U postgres -d pristine -f sql/init.sql >/dev/null 2>&1";
    return std::system(command.c_str()) == 0;
  }

  /// Makes a new database with the first rows.
  void copy_shop(const std::string& name) {
    to.database = "postgres";
    run("DROP DATABASE IF EXISTS " + name);
    run("CREATE DATABASE " + name + " TEMPLATE pristine");
  }

  /// Returns the one value that a query yields.
  std::string value(const std::string& sql) {
    auto db = postgres::session::open(to);
    CAF_REQUIRE(db);
    auto rows = db->query_rows(sql);
    CAF_REQUIRE(rows);
    return rows->rows.at(0).at(0).value_or("null");
  }

  void run(const std::string& sql) {
    auto db = postgres::session::open(to);
    CAF_REQUIRE(db);
    CAF_REQUIRE(db->execute(sql));
  }

  shop_generator open(options how = {.rate = 20'000, .seed = 5, .records_per_batch = 400}) {
    auto out = shop_generator::open(to, how, start);
    CAF_REQUIRE(out);
    return std::move(*out);
  }

  /// Steps until `rows` are written, by a clock of its own. Counts errors in `failed`.
  std::size_t write(shop_generator& shop, std::size_t rows, moment& now) {
    std::size_t written = 0;
    for (int i = 0; i < 10'000 && written < rows; ++i) {
      auto done = shop.step(now);
      if (done)
        written += *done;
      else
        failed.push_back(done.why());
      now += std::max(shop.due_in(now), 1ms);
    }
    return written;
  }

  std::string whole_shop() {
    std::string all;
    for (auto table : {"customers", "products", "orders", "order_items"})
      all +=
          value(std::string("SELECT md5(string_agg(t::text, '|' ORDER BY id)) FROM public.") + table + " t");
    return all;
  }

  void expect_sound() {
    CAF_CHECK_EQUAL(
        value("SELECT count(*) FROM orders WHERE total_amount IS DISTINCT FROM (SELECT sum(quantity * "
              "unit_price) FROM order_items WHERE order_id = orders.id)"),
        "0");
    CAF_CHECK_EQUAL(value("SELECT count(*) FROM products WHERE stock_quantity < 0 OR price <= 0"), "0");
  }

  postgres::settings to;
  std::vector<error> failed;
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(with_a_server, fixture)

CAF_TEST(it writes a sound shop of every kind of change) {
  auto now = start;
  auto shop = open();
  auto customers = std::stoi(value("SELECT last_value FROM customers_id_seq"));
  auto written = write(shop, 20'000, now);
  CAF_CHECK(written >= 20'000);
  CAF_CHECK(failed.empty());
  CAF_CHECK_EQUAL(shop.so_far().rows, written);
  expect_sound();
  for (auto status : {"pending", "processing", "shipped", "delivered", "cancelled", "returned"})
    CAF_CHECK(value(std::string("SELECT count(*) FROM orders WHERE status = '") + status + "'") != "0");
  CAF_CHECK(value("SELECT count(*) FROM customers WHERE updated_at > created_at") != "0");
  CAF_CHECK(value("SELECT count(*) < max(id) - min(id) + 1 FROM order_items") == "t"); // some have gone
  CAF_CHECK(value("SELECT count(*) FROM products WHERE updated_at > created_at") != "0");
  CAF_CHECK(std::stoi(value("SELECT max(id) FROM customers")) > customers);
  // The rows carry the time they were told, not the server's.
  CAF_CHECK_EQUAL(value("SELECT max(updated_at)::date FROM orders WHERE id > 30"), "2023-11-14");
}

CAF_TEST(the same seed on the same database gives the same shop) {
  std::vector<std::string> shops;
  for (auto name : {"one", "two"}) {
    auto now = start;
    copy_shop(name);
    to.database = name;
    auto shop = open();
    write(shop, 5'000, now);
    shops.push_back(whole_shop());
  }
  CAF_CHECK_EQUAL(shops[0], shops[1]);
}

CAF_TEST(a lost connection is made again and nothing is half written) {
  auto now = start;
  auto shop = open();
  write(shop, 2'000, now);
  run("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'millrace' "
      "AND pid <> pg_backend_pid()");
  CAF_CHECK(write(shop, 2'000, now) >= 2'000);
  CAF_REQUIRE(!failed.empty());
  CAF_CHECK(failed[0].code == errc::unavailable);
  CAF_CHECK_EQUAL(shop.so_far().outages, failed.size());
  expect_sound();
}

CAF_TEST(a shop that is emptied or numbered by hand is read again) {
  auto now = start;
  auto shop = open();
  write(shop, 2'000, now);
  run("TRUNCATE customers, products, orders, order_items");
  CAF_CHECK(write(shop, 4'000, now) >= 4'000);
  run("INSERT INTO customers (id, first_name, last_name, email) "
      "SELECT max(id) + 10, 'By', 'Hand', 'by@hand.example' FROM customers");
  write(shop, 20'000, now);
  run("UPDATE customers SET id = id + 1000000 WHERE id NOT IN (SELECT customer_id FROM orders)");
  CAF_CHECK(write(shop, 20'000, now) >= 20'000);
  CAF_CHECK(shop.so_far().conflicts > 0);
  expect_sound();
}

CAF_TEST(ten thousand rows a second are no trouble) {
  auto shop = open({.rate = 10'000, .seed = 1, .records_per_batch = 500});
  auto began = std::chrono::steady_clock::now();
  auto cpu = std::clock();
  auto now = start;
  auto written = write(shop, 20'000, now); // its own clock: as fast as it can
  auto took = std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
  CAF_MESSAGE(static_cast<double>(written) / took << " rows/s");
  // The machine may be busy with other things: what counts is what it costs us.
  auto ours = static_cast<double>(std::clock() - cpu) / CLOCKS_PER_SEC;
  CAF_CHECK(static_cast<double>(written) / ours > 20'000);
  // And by that clock it took its time.
  auto paced = std::chrono::duration<double>(now - start).count();
  CAF_CHECK(paced > 1.9 && paced < 2.2);
}

CAF_TEST(a rate of nothing writes nothing) {
  auto shop = open({.rate = 0});
  auto done = shop.step(start + 10s);
  CAF_REQUIRE(done);
  CAF_CHECK_EQUAL(*done, 0u);
}

CAF_TEST(a database without the shop is refused by name) {
  run("CREATE DATABASE other TEMPLATE template0");
  to.database = "other";
  auto shop = shop_generator::open(to, {}, start);
  CAF_REQUIRE(!shop);
  CAF_CHECK(shop.why().code == errc::bad_setting);
  CAF_CHECK(shop.why().message.find("public.customers") != std::string::npos);
}

CAF_TEST_FIXTURE_SCOPE_END()
