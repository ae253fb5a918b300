#include "actors/generator/shop_rows.hpp"

#include "actors/postgres/session.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <cstdlib>

namespace millrace::generator {

using postgres::quoted_text;

namespace {

constexpr std::size_t usual_items = 3;

std::string nullable(const std::optional<std::string>& x) { return x ? quoted_text(*x) : "NULL"; }

std::string stamp(moment x) { return "'" + timestamp_text(x) + "'"; }

/// Returns "(a), (b)": each row of `rows` as `one` prints it.
template <class Rows, class F>
std::string tuples(const Rows& rows, F one) {
  std::string out;
  for (auto& x : rows) {
    out += out.empty() ? "(" : ", (";
    out += one(x);
    out += ')';
  }
  return out;
}

std::string list(const std::vector<row_id>& ids) { return fmt::format("{}", fmt::join(ids, ", ")); }

std::string insert_customers(const shop_transaction& from) {
  auto one = [&](const customer_row& x) {
    return fmt::format("{}, {}, {}, {}, {}, {}, {}, {}, {}, {at}, {at}", x.id, quoted_text(x.first_name),
                       quoted_text(x.last_name), quoted_text(x.email), nullable(x.phone),
                       nullable(x.home.street), quoted_text(x.home.city), nullable(x.home.state),
                       quoted_text(x.home.zip_code), fmt::arg("at", stamp(from.at)));
  };
  return "INSERT INTO public.customers (id, first_name, last_name, email, phone, address, city, state, "
         "zip_code, "
         "created_at, updated_at) VALUES "
         + tuples(from.customers, one);
}

std::string insert_products(const shop_transaction& from) {
  auto one = [&](const product_row& x) {
    return fmt::format("{}, {}, {}, {}, {}, {}, {at}, {at}", x.id, quoted_text(x.name),
                       nullable(x.description), money(x.price), quoted_text(x.category), x.stock,
                       fmt::arg("at", stamp(from.at)));
  };
  return "INSERT INTO public.products (id, name, description, price, category, stock_quantity, created_at, "
         "updated_at) VALUES "
         + tuples(from.products, one);
}

std::string insert_orders(const shop_transaction& from) {
  auto one = [&](const order_row& x) {
    return fmt::format("{}, {}, {}, {}, {}, {}, {at}, {at}", x.id, x.customer, stamp(x.placed),
                       money(x.total), quoted_text(name_of(x.status)), quoted_text(x.shipping_address),
                       fmt::arg("at", stamp(from.at)));
  };
  return "INSERT INTO public.orders (id, customer_id, order_date, total_amount, status, shipping_address, "
         "created_at, updated_at) VALUES "
         + tuples(from.orders, one);
}

std::string insert_items(const shop_transaction& from) {
  auto one = [&](const item_row& x) {
    return fmt::format("{}, {}, {}, {}, {}, {}", x.id, x.order, x.product, x.quantity, money(x.unit_price),
                       stamp(from.at));
  };
  return "INSERT INTO public.order_items (id, order_id, product_id, quantity, unit_price, created_at) VALUES "
         + tuples(from.items, one);
}

/// Returns an UPDATE of many rows with different values. `columns` names the columns of the VALUES list.
std::string update(const shop_transaction& from, std::string_view table, std::string_view columns,
                   std::string_view assignments, const std::string& values) {
  return fmt::format("UPDATE public.{table} SET {}, updated_at = {} FROM (VALUES {}) AS new ({}) "
                     "WHERE {table}.id = new.id",
                     assignments, stamp(from.at), values, columns, fmt::arg("table", table));
}

std::string update_statuses(const shop_transaction& from) {
  auto one = [](auto& x) { return fmt::format("{}, '{}'", x.first, name_of(x.second)); };
  return update(from, "orders", "id, status", "status = new.status", tuples(from.statuses, one));
}

std::string update_prices(const shop_transaction& from) {
  auto one = [](auto& x) { return fmt::format("{}, {}", x.first, money(x.second)); };
  return update(from, "products", "id, price", "price = new.price", tuples(from.prices, one));
}

std::string update_stock(const shop_transaction& from) {
  auto one = [](auto& x) { return fmt::format("{}, {}", x.first, x.second); };
  return update(from, "products", "id, gained", "stock_quantity = greatest(stock_quantity + new.gained, 0)",
                tuples(from.stock, one));
}

std::string update_homes(const shop_transaction& from) {
  // PostgreSQL types a list of only NULLs as text, which is the columns' type.
  auto one = [](auto& x) {
    auto& [id, home] = x;
    return fmt::format("{}, {}, {}, {}, {}", id, nullable(home.street), quoted_text(home.city),
                       nullable(home.state), quoted_text(home.zip_code));
  };
  return update(from, "customers", "id, address, city, state, zip_code",
                "address = new.address, city = new.city, state = new.state, zip_code = new.zip_code",
                tuples(from.moves, one));
}

std::string remove_customers(const shop_transaction& from) {
  return fmt::format("DELETE FROM public.customers WHERE id IN ({}) "
                     "AND NOT EXISTS (SELECT FROM public.orders WHERE orders.customer_id = customers.id)",
                     list(from.removed_customers));
}

} // namespace

std::string money(cents x) {
  return fmt::format("{}{}.{:02}", x < 0 ? "-" : "", std::abs(x) / 100, std::abs(x) % 100);
}

std::string timestamp_text(moment x) {
  auto micros = std::chrono::floor<std::chrono::microseconds>(x);
  auto seconds = std::chrono::floor<std::chrono::seconds>(x);
  return fmt::format("{:%Y-%m-%d %H:%M:%S}.{:06}", fmt::gmtime(wall_clock::to_time_t(seconds)),
                     (micros - seconds).count());
}

std::size_t shop_transaction::rows() const {
  return customers.size() + products.size() + orders.size() + items.size() + statuses.size() + prices.size()
         + stock.size() + moves.size() + removed_orders.size() * (1 + usual_items) + removed_customers.size();
}

std::vector<std::string> statements(const shop_transaction& from) {
  std::vector<std::string> out;
  auto add = [&](bool any, auto text) {
    if (any)
      out.push_back(text(from));
  };
  add(!from.customers.empty(), insert_customers);
  add(!from.products.empty(), insert_products);
  add(!from.orders.empty(), insert_orders);
  add(!from.items.empty(), insert_items);
  add(!from.statuses.empty(), update_statuses);
  add(!from.prices.empty(), update_prices);
  add(!from.stock.empty(), update_stock);
  add(!from.moves.empty(), update_homes);
  add(!from.removed_orders.empty(), [](const shop_transaction& x) {
    return "DELETE FROM public.order_items WHERE order_id IN (" + list(x.removed_orders) + ")";
  });
  add(!from.removed_orders.empty(), [](const shop_transaction& x) {
    return "DELETE FROM public.orders WHERE id IN (" + list(x.removed_orders) + ")";
  });
  add(!from.removed_customers.empty(), remove_customers);
  return out;
}

} // namespace millrace::generator
