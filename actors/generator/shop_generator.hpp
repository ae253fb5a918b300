#pragma once

/// Writes a realistic shop into PostgreSQL. Customers, products, orders and items appear, change and
/// disappear, at a rate and from a seed. The tables are those of sql/init.sql. Existing rows take part.

#include "actors/generator/pace.hpp"
#include "actors/generator/shop_database.hpp"

#include <cstdint>

namespace millrace::generator {

struct options {
  double rate = 200;                   ///< rows per second; 0 = none
  std::uint64_t seed = 1;              ///< the same seed on the same database gives the same statements
  std::size_t records_per_batch = 500; ///< approximate maximum of rows per transaction
};

struct counters {
  std::uint64_t transactions = 0;
  std::uint64_t rows = 0;      ///< inserted, updated, deleted
  std::uint64_t conflicts = 0; ///< transactions that failed because of other writers
  std::uint64_t outages = 0;   ///< how often PostgreSQL didn't answer
};

/// One connection, used by one thread. No transaction is open between two steps, so it can stop after any
/// step.
class shop_generator {
 public:
  /// Errors: unavailable, denied, bad_setting (not the shop's tables, or a wrong option).
  static result<shop_generator> open(const postgres::settings& to, const options& how, moment now);

  /// Writes one transaction if it is due. Returns its rows, else 0. `now` is the rows' time, UTC. Blocks
  /// while PostgreSQL works. Log an error and continue: later steps retry after a pause, with a new
  /// connection and a new sample of the shop.
  result<std::size_t> step(moment now);

  /// Returns the time until the next step has something to do, at most 1 s.
  std::chrono::milliseconds due_in(moment now);

  /// Sets the rate from the next step on; 0 pauses.
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
  bool stale_ = false; ///< the model has rows that were never written
  int failures_ = 0;   ///< consecutive
  moment not_before_;
};

} // namespace millrace::generator
