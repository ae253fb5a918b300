#pragma once

/// What one transaction of the shop writes, as plain data, and its SQL.

#include "actors/generator/order_life.hpp"
#include "actors/generator/pace.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace millrace::generator {

using row_id = std::int64_t;
/// Money in cents.
using cents = std::int64_t;

struct address {
  std::optional<std::string> street; ///< unknown for some customers
  std::string city;
  std::optional<std::string> state;
  std::string zip_code;
};

struct customer_row {
  row_id id = 0;
  std::string first_name, last_name, email;
  std::optional<std::string> phone;
  address home;
};

struct product_row {
  row_id id = 0;
  std::string name;
  std::optional<std::string> description;
  cents price = 0;
  std::string category;
  std::int64_t stock = 0;
};

struct item_row {
  row_id id = 0, order = 0, product = 0;
  std::int64_t quantity = 0;
  cents unit_price = 0;
};

struct order_row {
  row_id id = 0, customer = 0;
  moment placed;
  cents total = 0;
  order_status status = order_status::pending;
  std::string shipping_address;
};

/// The parts are written in this order. Only one part changes an order, so a reader sees every step of
/// its life.
struct shop_transaction {
  moment at;
  std::vector<customer_row> customers;
  std::vector<product_row> products;
  std::vector<order_row> orders;
  std::vector<item_row> items;
  std::map<row_id, order_status> statuses; ///< order -> its next status
  std::map<row_id, cents> prices;          ///< product -> new price
  std::map<row_id, std::int64_t> stock;    ///< product -> units added or sold
  std::map<row_id, address> moves;         ///< customer -> new address
  std::vector<row_id> removed_orders;      ///< with their items
  std::vector<row_id> removed_customers;   ///< those without an order

  /// Returns about how many rows it writes. A removed order's items are estimated.
  std::size_t rows() const;
};

/// Returns the transaction's statements in order, multi-row, without BEGIN and COMMIT. Table names are
/// qualified. Pure: the same rows give the same text.
std::vector<std::string> statements(const shop_transaction& from);

/// Returns a number of cents in SQL's form: "12.34".
std::string money(cents x);
/// Returns a timestamp without time zone, UTC, as the content of a SQL literal.
std::string timestamp_text(moment x);

} // namespace millrace::generator
