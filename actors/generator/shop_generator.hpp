#pragma once

/// Writes a realistic shop into PostgreSQL: customers, products, orders and
/// items come, change and go, at a rate, by a seed. The tables are those of
/// sql/init.sql; rows that are there already take part.

#include "actors/generator/pace.hpp"
#include "actors/generator/shop_database.hpp"

#include <cstdint>

namespace millrace::generator {

struct options {
  double rate = 200;                   ///< rows per second; 0 = none
  std::uint64_t seed = 1;              ///< the same on the same database: the same statements
  std::size_t records_per_batch = 500; ///< at most about so many rows in a transaction
};

struct counters {
  std::uint64_t transactions = 0;
  std::uint64_t rows = 0;      ///< inserted, updated, deleted
  std::uint64_t conflicts = 0; ///< transactions that other writers made impossible
  std::uint64_t outages = 0;   ///< times that PostgreSQL didn't answer
};

/// One connection, used by one thread. Nothing is open between two steps: it
/// stops cleanly wherever it isn't called again.
class shop_generator {
 public:
  /// Errors: unavailable, denied, bad_setting (not our shop, a wrong option).
  static result<shop_generator> open(const postgres::settings& to, const options& how, moment now);

  /// Writes one transaction, if it is time for it, and returns its rows; else 0.
  /// `now` is the time that the rows carry, UTC. Blocks as long as PostgreSQL takes.
  /// An error is for the log: the next steps try again, after a pause, on a new
  /// connection and with a fresh look at the shop.
  result<std::size_t> step(moment now);

  /// Returns how long until a step will have something to do; at most a second.
  std::chrono::milliseconds due_in(moment now);

  /// From the next step on; 0 pauses.
  void set_rate(double rows_per_second, moment now) { pace_.set_rate(rows_per_second, now); }
  double rate() const { return pace_.rate(); }
  const counters& so_far() const { return counters_; }

 private:
  shop_generator(shop_database db, shop_sample start, const options& how, moment now);
  std::size_t batch() const;
  result<std::size_t> write(std::size_t rows, moment now);
  result<void> look_again();
  error put_off(error why, moment now);

  shop_database db_;
  shop_model model_;
  free_ids ids_;
  options how_;
  pace pace_;
  counters counters_;
  bool stale_ = false; ///< the model knows of rows that were never written
  int failures_ = 0;   ///< in a row
  moment not_before_;
};

} // namespace millrace::generator
