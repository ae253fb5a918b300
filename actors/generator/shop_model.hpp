#pragma once

/// The generator's model of the shop, and its decisions about what happens next. Pure: randomness and time
/// are arguments, so a seed and a start give one history.

#include "actors/generator/dice.hpp"
#include "actors/generator/shop_rows.hpp"

#include <array>
#include <cstdint>
#include <deque>
#include <unordered_set>
#include <vector>

namespace millrace::generator {

enum class shop_table : std::uint8_t { customers, products, orders, order_items };
constexpr std::size_t shop_tables = 4;

/// A sample of the shop's rows. Its size is bounded, whatever the size of the tables.
struct shop_sample {
  struct product {
    row_id id = 0;
    cents price = 0;
    std::int64_t stock = 0;
  };
  struct order {
    row_id id = 0;
    order_status status = order_status::pending;
  };
  std::vector<row_id> customers; ///< the most popular first
  std::vector<product> products; ///< the most popular first
  std::vector<order> orders;

  static constexpr std::size_t most_customers = 100'000;
  static constexpr std::size_t most_products = 20'000;
  static constexpr std::size_t most_orders = 50'000;
};

/// Unused IDs from the database's sequences.
using free_ids = std::array<std::deque<row_id>, shop_tables>;

/// Decides what the shop's next transaction writes, and records it as written. If the transaction fails,
/// make a new model from a new sample.
class shop_model {
 public:
  shop_model(shop_sample start, std::uint64_t seed);
  /// Continues with the random state of `before`, so that the history doesn't repeat.
  shop_model(shop_sample start, const shop_model& before);

  /// Returns the most IDs of a table that a transaction of `rows` rows can use.
  static std::size_t ids_needed(shop_table of, std::size_t rows);

  /// Returns a transaction of about `rows` rows. An order's items stay together. Takes IDs from `ids`, which
  /// has as many as ids_needed().
  shop_transaction next(std::size_t rows, moment now, free_ids& ids);

 private:
  struct step; // of one transaction: the rows that it has changed

  void act(step& in);
  void new_customer(step& in);
  void new_product(step& in);
  void new_order(step& in);
  void order_goes_on(step& in);
  void price_changes(step& in);
  void stock_arrives(step& in);
  void customer_moves(step& in);
  void order_goes(step& in);
  void customer_goes(step& in);

  address new_home();
  item_row new_item(step& in, row_id order, bool bulk);
  void remember(step& in);

  shop_sample known_;
  dice chance_;
  zipf customer_rank_{0.8};
  zipf product_rank_{1.0};
  std::vector<row_id> without_orders_; ///< customers of this run without an order
};

} // namespace millrace::generator
