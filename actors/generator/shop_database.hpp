#pragma once

/// The shop's database for the generator: a sample of its rows, IDs from its sequences, transactions.

#include "actors/generator/shop_model.hpp"
#include "actors/postgres/session.hpp"

namespace millrace::generator {

/// One connection, used by one thread. Errors are those of postgres::session. After `unavailable`, the
/// next call reconnects.
class shop_database {
 public:
  /// Opens the connection. An error (bad_setting) if the database lacks the shop's tables.
  static result<shop_database> open(const postgres::settings& to);

  /// Reads customers and products in order of their IDs, and the newest orders.
  result<shop_sample> sample();

  /// Advances the sequences past rows that were written with explicit IDs.
  result<void> pass_existing_ids();

  /// Fills `ids` up to at least `count` IDs of the table.
  result<void> reserve(shop_table of, std::size_t count, free_ids& ids);

  /// Runs all statements in one transaction. Returns the rows written. On an error, none is written.
  result<std::size_t> write(const std::vector<std::string>& statements);

 private:
  explicit shop_database(postgres::session x) : session_(std::move(x)) {}
  result<void> find_sequences();

  postgres::session session_;
  std::array<std::string, shop_tables> sequences_; ///< quoted names
};

} // namespace millrace::generator
