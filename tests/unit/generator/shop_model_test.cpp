#define CAF_SUITE generator.model
#include "actors/generator/shop_model.hpp"

#include <algorithm>
#include <set>

#include "caf/test/unit_test.hpp"

using namespace millrace::generator;
using namespace std::chrono_literals;

namespace {

shop_sample small_shop() {
  shop_sample out;
  for (row_id i = 1; i <= 20; ++i)
    out.customers.push_back(i);
  for (row_id i = 1; i <= 15; ++i)
    out.products.push_back({i, 1000 * i, 200});
  for (row_id i = 1; i <= 30; ++i)
    out.orders.push_back({i, static_cast<order_status>(i % 6)});
  return out;
}

/// A model with its identifiers, as a sequence would give them.
struct world {
  explicit world(std::uint64_t seed, shop_sample start = small_shop()) : model(std::move(start), seed) {
    next_id.fill(1000);
  }

  shop_transaction go(std::size_t rows) {
    for (std::size_t i = 0; i < shop_tables; ++i)
      while (ids[i].size() < shop_model::ids_needed(static_cast<shop_table>(i), rows))
        ids[i].push_back(next_id[i]++);
    now += 50ms;
    return model.next(rows, now, ids);
  }

  shop_model model;
  free_ids ids;
  std::array<row_id, shop_tables> next_id;
  moment now{1'700'000'000s};
};

std::string history(std::uint64_t seed) {
  world w(seed);
  std::string out;
  for (int i = 0; i < 40; ++i)
    for (auto& x : statements(w.go(50)))
      out += x + ";\n";
  return out;
}

} // namespace

CAF_TEST(a seed gives the same statements and another seed others) {
  CAF_CHECK(history(1) == history(1));
  CAF_CHECK(history(1) != history(2));
}

CAF_TEST(every order costs what its items cost and has one to five) {
  world w(11);
  for (int i = 0; i < 200; ++i) {
    auto t = w.go(100);
    for (auto& order : t.orders) {
      cents sum = 0;
      int items = 0;
      for (auto& x : t.items)
        if (x.order == order.id) {
          sum += x.quantity * x.unit_price;
          ++items;
          CAF_CHECK(x.quantity > 0);
        }
      CAF_CHECK_EQUAL(order.total, sum);
      CAF_CHECK(items >= 1 && items <= 5);
    }
  }
}

CAF_TEST(an order goes from status to status as orders do) {
  world w(12);
  std::map<row_id, order_status> orders;
  for (auto& x : small_shop().orders)
    orders[x.id] = x.status;
  std::set<order_status> seen;
  for (int i = 0; i < 2000; ++i) {
    auto t = w.go(100);
    for (auto& [id, to] : t.statuses) {
      CAF_REQUIRE(orders.count(id) == 1);
      CAF_CHECK(may_follow(orders[id], to));
      orders[id] = to;
      seen.insert(to);
    }
    for (auto id : t.removed_orders) {
      CAF_CHECK(orders[id] != order_status::pending && orders[id] != order_status::processing);
      CAF_CHECK(t.statuses.count(id) == 0);
      CAF_CHECK_EQUAL(orders.erase(id), 1u);
    }
    for (auto& x : t.orders)
      CAF_CHECK(orders.emplace(x.id, x.status).second);
  }
  CAF_CHECK_EQUAL(seen.size(), 5u); // everything but pending, where they begin
}

CAF_TEST(nothing refers to a row that is gone or still to come) {
  world w(13);
  std::set<row_id> customers, products;
  for (auto x : small_shop().customers)
    customers.insert(x);
  for (auto& x : small_shop().products)
    products.insert(x.id);
  std::set<row_id> with_orders;
  std::size_t gone = 0;
  for (int i = 0; i < 1000; ++i) {
    auto t = w.go(100);
    for (auto& x : t.orders) {
      CAF_CHECK(customers.count(x.customer) == 1);
      with_orders.insert(x.customer);
    }
    for (auto& x : t.items)
      CAF_CHECK(products.count(x.product) == 1);
    for (auto& [id, home] : t.moves)
      CAF_CHECK(customers.count(id) == 1);
    for (auto id : t.removed_customers) {
      CAF_CHECK(with_orders.count(id) == 0);
      CAF_CHECK_EQUAL(customers.erase(id), 1u);
      ++gone;
    }
    for (auto& x : t.customers)
      customers.insert(x.id);
    for (auto& x : t.products)
      products.insert(x.id);
  }
  CAF_CHECK(gone > 0);
}

CAF_TEST(a transaction is about as large as asked) {
  world w(14);
  for (std::size_t rows : {1, 10, 500, 5000}) {
    auto t = w.go(rows);
    CAF_CHECK(t.rows() >= rows);
    CAF_CHECK(t.rows() <= rows + 11); // an order with five items and their stock
  }
}

CAF_TEST(an empty shop gets customers and products first) {
  world w(15, {});
  auto t = w.go(200);
  CAF_CHECK(!t.customers.empty());
  CAF_CHECK(t.orders.empty());
  std::size_t orders = 0;
  for (int i = 0; i < 100; ++i)
    orders += w.go(200).orders.size();
  CAF_CHECK(orders > 0);
}

CAF_TEST(few customers and products do most of the business) {
  shop_sample shop;
  for (row_id i = 0; i < 1000; ++i) {
    shop.customers.push_back(i);
    shop.products.push_back({i, 1000, 1'000'000});
  }
  world w(16, shop);
  std::size_t orders = 0, of_the_first = 0, items = 0, first_items = 0;
  for (int i = 0; i < 300; ++i) {
    auto t = w.go(200);
    orders += t.orders.size();
    items += t.items.size();
    of_the_first += std::count_if(t.orders.begin(), t.orders.end(), [](auto& x) { return x.customer < 100; });
    first_items += std::count_if(t.items.begin(), t.items.end(), [](auto& x) { return x.product < 100; });
  }
  CAF_CHECK(of_the_first * 10 > orders * 4);
  CAF_CHECK(first_items * 10 > items * 6);
}

CAF_TEST(money and times are written as SQL has them) {
  CAF_CHECK_EQUAL(money(0), "0.00");
  CAF_CHECK_EQUAL(money(1205), "12.05");
  CAF_CHECK_EQUAL(money(-5), "-0.05");
  CAF_CHECK_EQUAL(timestamp_text(moment{1'700'000'000s + 42us}), "2023-11-14 22:13:20.000042");
}
