#include "actors/generator/shop_model.hpp"

#include "actors/generator/shop_words.hpp"

#include <algorithm>

namespace millrace::generator {

namespace {

/// How often each event happens. Orders follow the time of day; the other events keep the rate of rows
/// steady.
struct habits {
  double order = 20, price = 4, stock = 5, move = 3, customer = 4, product = 0.4;
  double order_gone = 4, customer_gone = 0.6;
  /// An order is considered about four times in its life, and more often if more wait. So about
  /// `waiting_orders` of them are in progress.
  double goes_on = 80;
};

constexpr double bulk_share = 0.002; ///< orders by bulk buyers
constexpr double no_phone = 0.1, no_street = 0.02, no_state = 0.01, no_description = 0.1;
constexpr std::int64_t low_stock = 25;
constexpr double waiting_orders = 5000;
constexpr std::size_t waiting_customers = 1000; ///< remembered without an order
constexpr std::int64_t most_items = 5;

template <class T>
void drop(std::vector<T>& from, std::size_t i) {
  from[i] = from.back();
  from.pop_back();
}

row_id take(free_ids& ids, shop_table of) {
  auto& from = ids[static_cast<std::size_t>(of)];
  auto id = from.front();
  from.pop_front();
  return id;
}

} // namespace

struct shop_model::step {
  shop_transaction& out;
  free_ids& ids;
  std::unordered_set<row_id> orders = {}; ///< changed already, so not changed again
  std::unordered_set<row_id> products = {};
  std::vector<std::size_t> finished = {}; ///< indexes of the orders to forget
};

shop_model::shop_model(shop_sample start, std::uint64_t seed) : known_(std::move(start)), chance_(seed) {}

shop_model::shop_model(shop_sample start, const shop_model& before)
    : known_(std::move(start)), chance_(before.chance_) {}

std::size_t shop_model::ids_needed(shop_table of, std::size_t rows) {
  return of == shop_table::order_items ? rows + most_items : rows + 1;
}

shop_transaction shop_model::next(std::size_t rows, moment now, free_ids& ids) {
  shop_transaction out;
  out.at = now;
  step in{out, ids};
  // An event that isn't possible (nothing to ship) writes nothing, so the tries are limited.
  for (auto tries = rows * 4 + 16; out.rows() < rows && tries > 0; --tries)
    act(in);
  remember(in);
  return out;
}

void shop_model::act(step& in) {
  static constexpr habits usual;
  using action = void (shop_model::*)(step&);
  static constexpr std::array<action, 9> actions{
      &shop_model::new_order,     &shop_model::order_goes_on,  &shop_model::price_changes,
      &shop_model::stock_arrives, &shop_model::customer_moves, &shop_model::new_customer,
      &shop_model::new_product,   &shop_model::order_goes,     &shop_model::customer_goes};
  auto crowd = std::min(static_cast<double>(known_.orders.size()) / waiting_orders, 2.0);
  auto which =
      chance_.weighted({usual.order * shopping(in.out.at), usual.goes_on * crowd, usual.price, usual.stock,
                        usual.move, usual.customer, usual.product, usual.order_gone, usual.customer_gone});
  (this->*actions[which])(in);
}

address shop_model::new_home() {
  auto& town = home(chance_);
  address out;
  if (!chance_.chance(no_street))
    out.street = street(chance_);
  out.city = town.city;
  if (!chance_.chance(no_state))
    out.state = town.state;
  auto last = std::to_string(chance_.between(0, 99));
  out.zip_code = std::string(town.zip_prefix) + (last.size() < 2 ? "0" : "") + last;
  return out;
}

void shop_model::new_customer(step& in) {
  customer_row x;
  x.id = take(in.ids, shop_table::customers);
  x.first_name = first_name(chance_);
  x.last_name = last_name(chance_);
  x.email = "customer" + std::to_string(x.id) + "@example.com";
  if (!chance_.chance(no_phone))
    x.phone = "555-" + std::to_string(chance_.between(1000, 9999));
  x.home = new_home();
  in.out.customers.push_back(std::move(x));
}

void shop_model::new_product(step& in) {
  auto& kind = goods(chance_);
  product_row x;
  x.id = take(in.ids, shop_table::products);
  x.name = std::string(adjective(chance_)) + " " + std::string(kind.name);
  if (!chance_.chance(no_description))
    x.description = "A " + std::string(kind.name) + " for every day, model " + std::to_string(x.id) + ".";
  x.price = chance_.between(kind.from_cents, kind.to_cents);
  x.category = kind.category;
  x.stock = chance_.between(50, 500);
  in.out.products.push_back(std::move(x));
}

item_row shop_model::new_item(step& in, row_id order, bool bulk) {
  auto& product = known_.products[product_rank_.rank(chance_, known_.products.size())];
  item_row x;
  x.id = take(in.ids, shop_table::order_items);
  x.order = order;
  x.product = product.id;
  x.quantity = bulk ? chance_.between(10, 50) : 1 + static_cast<std::int64_t>(zipf(1.5).rank(chance_, 4));
  x.unit_price = product.price;
  // Units beyond the stock are ordered from elsewhere.
  auto sold = std::min(x.quantity, product.stock);
  product.stock -= sold;
  if (sold > 0)
    in.out.stock[x.product] -= sold;
  in.products.insert(x.product);
  return x;
}

void shop_model::new_order(step& in) {
  if (known_.customers.empty() || known_.products.empty())
    return new_customer(in);
  order_row x;
  x.id = take(in.ids, shop_table::orders);
  x.customer = known_.customers[customer_rank_.rank(chance_, known_.customers.size())];
  x.placed = in.out.at - std::chrono::microseconds(chance_.between(0, 50'000));
  auto where = new_home();
  x.shipping_address = where.street.value_or("Poste restante") + ", " + where.city;
  auto bulk = chance_.chance(bulk_share);
  auto items = 1 + static_cast<std::int64_t>(zipf(0.7).rank(chance_, most_items));
  for (std::int64_t i = 0; i < items; ++i) {
    in.out.items.push_back(new_item(in, x.id, bulk));
    x.total += in.out.items.back().quantity * in.out.items.back().unit_price;
  }
  std::erase(without_orders_, x.customer);
  in.out.orders.push_back(std::move(x));
}

void shop_model::order_goes_on(step& in) {
  if (known_.orders.empty())
    return;
  auto i = chance_.index(known_.orders.size());
  auto& order = known_.orders[i];
  if (in.orders.contains(order.id))
    return;
  auto next = next_status(order.status, chance_);
  if (!next) {
    in.orders.insert(order.id);
    in.finished.push_back(i);
    return;
  }
  order.status = *next;
  in.out.statuses[order.id] = *next;
  in.orders.insert(order.id);
}

void shop_model::price_changes(step& in) {
  if (known_.products.empty())
    return;
  auto& product = known_.products[chance_.index(known_.products.size())];
  if (!in.products.insert(product.id).second)
    return;
  // Changes by at most 10 % and 9 cents, and stays within the price range of 0.99 to 5000.00.
  auto changed = product.price * chance_.between(90, 110) / 100 + chance_.between(-9, 9);
  changed = std::clamp<cents>(changed, 99, 500'000);
  product.price = changed;
  in.out.prices[product.id] = changed;
}

void shop_model::stock_arrives(step& in) {
  if (known_.products.empty())
    return;
  auto& product = known_.products[product_rank_.rank(chance_, known_.products.size())];
  if (product.stock > low_stock || !in.products.insert(product.id).second)
    return;
  auto units = chance_.between(100, 600);
  product.stock += units;
  in.out.stock[product.id] += units;
}

void shop_model::customer_moves(step& in) {
  if (!known_.customers.empty())
    in.out.moves.insert_or_assign(chance_.one_of(known_.customers), new_home());
}

void shop_model::order_goes(step& in) {
  if (known_.orders.empty())
    return;
  auto i = chance_.index(known_.orders.size());
  auto& order = known_.orders[i];
  auto over = order.status == order_status::delivered || order.status == order_status::cancelled
              || order.status == order_status::returned;
  if (!over || !in.orders.insert(order.id).second)
    return;
  in.finished.push_back(i);
  in.out.removed_orders.push_back(order.id);
}

void shop_model::customer_goes(step& in) {
  if (without_orders_.empty())
    return;
  auto i = chance_.index(without_orders_.size());
  auto id = without_orders_[i];
  if (in.out.moves.contains(id))
    return;
  drop(without_orders_, i);
  std::erase(known_.customers, id);
  in.out.removed_customers.push_back(id);
}

/// Adds what the transaction created, and forgets finished orders, so that memory stays bounded.
void shop_model::remember(step& in) {
  std::sort(in.finished.rbegin(), in.finished.rend());
  for (auto i : in.finished)
    drop(known_.orders, i);
  auto keep = [&](auto& all, std::size_t most, auto x) {
    if (all.size() < most)
      all.push_back(x);
    else
      all[chance_.index(all.size())] = x;
  };
  for (auto& x : in.out.orders)
    keep(known_.orders, shop_sample::most_orders, shop_sample::order{x.id, x.status});
  for (auto& x : in.out.products)
    keep(known_.products, shop_sample::most_products, shop_sample::product{x.id, x.price, x.stock});
  for (auto& x : in.out.customers) {
    keep(known_.customers, shop_sample::most_customers, x.id);
    keep(without_orders_, waiting_customers, x.id);
  }
}

} // namespace millrace::generator
