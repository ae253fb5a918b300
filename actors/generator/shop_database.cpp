#include "actors/generator/shop_database.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace millrace::generator {

namespace {

constexpr std::array<std::string_view, shop_tables> names{"customers", "products", "orders", "order_items"};
constexpr std::size_t least_reserved = 100;

std::int64_t number(const std::optional<std::string>& text) {
  std::int64_t out = 0;
  if (text)
    std::from_chars(text->data(), text->data() + text->size(), out);
  return out;
}

} // namespace

result<shop_database> shop_database::open(const postgres::settings& to) {
  auto session = postgres::session::open(to);
  if (!session)
    return session.why();
  shop_database out(std::move(*session));
  if (auto found = out.find_sequences(); !found)
    return found.why();
  if (auto passed = out.pass_existing_ids(); !passed)
    return passed.why();
  return out;
}

result<void> shop_database::find_sequences() {
  for (std::size_t i = 0; i < shop_tables; ++i) {
    auto found =
        session_.query_rows(fmt::format("SELECT pg_get_serial_sequence('public.{}', 'id')", names[i]));
    if (!found)
      return found.why();
    auto& name = found->rows.at(0).at(0);
    if (!name)
      return error{errc::bad_setting,
                   fmt::format("generator: public.{}.id has no sequence; the generator writes "
                               "the shop that sql/init.sql makes",
                               names[i])};
    sequences_[i] = *name;
  }
  return {};
}

result<void> shop_database::pass_existing_ids() {
  for (std::size_t i = 0; i < shop_tables; ++i) {
    auto moved = session_.query_rows(
        fmt::format("SELECT setval({}, max(id)) FROM public.{} HAVING max(id) > (SELECT last_value FROM {})",
                    postgres::quoted_text(sequences_[i]), names[i], sequences_[i]));
    if (!moved)
      return moved.why();
  }
  return {};
}

result<void> shop_database::reserve(shop_table of, std::size_t count, free_ids& ids) {
  auto i = static_cast<std::size_t>(of);
  if (ids[i].size() >= count)
    return {};
  auto more = std::max(2 * count, least_reserved) - ids[i].size();
  auto found = session_.query_rows(fmt::format("SELECT nextval({}) FROM generate_series(1, {})",
                                               postgres::quoted_text(sequences_[i]), more));
  if (!found)
    return found.why();
  for (auto& row : found->rows)
    ids[i].push_back(number(row.at(0)));
  return {};
}

result<shop_sample> shop_database::sample() {
  shop_sample out;
  auto customers = session_.query_rows(
      fmt::format("SELECT id FROM public.customers ORDER BY id LIMIT {}", shop_sample::most_customers));
  if (!customers)
    return customers.why();
  for (auto& row : customers->rows)
    out.customers.push_back(number(row.at(0)));
  auto products =
      session_.query_rows(fmt::format("SELECT id, (price * 100)::bigint, stock_quantity FROM public.products "
                                      "WHERE price BETWEEN 0 AND 1000000 ORDER BY id LIMIT {}",
                                      shop_sample::most_products));
  if (!products)
    return products.why();
  for (auto& row : products->rows)
    out.products.push_back({number(row.at(0)), number(row.at(1)), number(row.at(2))});
  auto orders = session_.query_rows(fmt::format(
      "SELECT id, status FROM public.orders ORDER BY id DESC LIMIT {}", shop_sample::most_orders));
  if (!orders)
    return orders.why();
  for (auto& row : orders->rows)
    if (auto status = status_named(row.at(1).value_or("")))
      out.orders.push_back({number(row.at(0)), *status});
  return out;
}

result<std::size_t> shop_database::write(const std::vector<std::string>& statements) {
  if (auto begun = session_.execute("BEGIN"); !begun)
    return begun.why();
  std::size_t rows = 0;
  for (auto& x : statements) {
    auto done = session_.execute(x);
    if (!done) {
      // The next statements must not run outside the transaction.
      session_.execute("ROLLBACK");
      return done.why();
    }
    rows += *done;
  }
  if (auto ended = session_.execute("COMMIT"); !ended)
    return ended.why();
  return rows;
}

} // namespace millrace::generator
