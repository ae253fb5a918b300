#pragma once

/// The shop in PostgreSQL as the generator uses it: a sample of its rows,
/// identifiers from its sequences, transactions.

#include "actors/generator/shop_model.hpp"
#include "actors/postgres/session.hpp"

namespace millrace::generator {

/// One connection, used by one thread. Errors as in postgres::session; after
/// `unavailable` the next call connects again.
class shop_database {
 public:
  /// Also refuses (bad_setting) a database without the shop's tables.
  static result<shop_database> open(const postgres::settings& to);

  /// Reads customers and products in the order of their ids, and the newest orders.
  result<shop_sample> sample();

  /// Moves the sequences behind rows that were written with ids of their own.
  result<void> pass_existing_ids();

  /// Makes `ids` hold at least `count` of the table.
  result<void> reserve(shop_table of, std::size_t count, free_ids& ids);

  /// Runs all statements in one transaction, or none, and returns the rows written.
  result<std::size_t> write(const std::vector<std::string>& statements);

 private:
  explicit shop_database(postgres::session x) : session_(std::move(x)) {}
  result<void> find_sequences();

  postgres::session session_;
  std::array<std::string, shop_tables> sequences_; ///< quoted names
};

} // namespace millrace::generator
