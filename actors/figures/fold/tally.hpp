#pragma once

/// What a figure stores about a group's rows: a few 64-bit words per aggregate.
///
///     word 0   rows
///     count    [count]
///     sum, avg [count of values][count of NaN][sum of the other values: 4 limbs]
///     min, max [count of values][the least or greatest], and a bag of all values

#include "actors/figures/fold/value_bag.hpp"
#include "actors/figures/plan/plan.hpp"
#include "actors/figures/values/numeric.hpp"

#include <memory>

namespace millrace {

/// What one row adds to one aggregate.
struct effect {
  bool counted = false; ///< the row passes the filter, and the value isn't NULL
  bool nan = false;
  int128 amount = 0; ///< the scaled value; 0 if NaN
};

using tally_words = std::unique_ptr<std::int64_t[]>;

struct tally {
  tally_words words;
  std::unique_ptr<value_bag[]> bags; ///< null if the figure has neither min nor max
};

/// The layout of a figure's aggregates in a tally's words, and the operations on them. With `partial`,
/// the tally is of one foreign key's rows before the join with their parent. It then holds only the
/// count for aggregates over the parent's columns.
class tally_layout {
 public:
  tally_layout(const std::vector<aggregate>& aggregates, bool partial);

  tally make() const;
  std::size_t words() const { return size_; }
  std::size_t aggregates() const { return slots_.size(); }
  bool has_bags() const { return bags_ > 0; }
  bool has_values(const tally& of) const;        ///< in at least one bag
  bool is_zero(const std::int64_t* words) const; ///< ignores the values of min and max

  /// Adds one row's effect `times` times. Removes it if `times` is negative.
  void add(tally& to, std::size_t aggregate, const effect& of, std::int64_t times) const;
  /// Adds (sign 1) or removes (sign -1) a partial of another layout, with its parent's effect.
  void merge(tally& to, std::size_t aggregate, const tally_layout& layout, const tally& partial,
             const effect& parent, int sign) const;

  std::int64_t count(const std::int64_t* words, std::size_t aggregate) const;
  std::int64_t nans(const std::int64_t* words, std::size_t aggregate) const;
  wide sum(const std::int64_t* words, std::size_t aggregate) const;
  std::int64_t best(const std::int64_t* words, std::size_t aggregate) const;
  const value_bag* bag(const tally& of, std::size_t aggregate) const;

  std::size_t memory(const tally& of) const;

 private:
  enum class form : std::uint8_t { count, sum, best };
  struct slot {
    form what = form::count;
    bool parents = false; ///< the aggregate is over the parent's columns
    bool greatest = false;
    std::uint16_t at = 0, bag = 0;
  };
  void update_best(tally& of, const slot& s) const;

  std::vector<slot> slots_;
  std::size_t size_ = 1, bags_ = 0;
};

/// NaN in a bag: greater than every number, as in PostgreSQL.
constexpr std::int64_t nan_in_bag = plus_infinity;

/// Returns one row's effect from the aggregate's factors. Ignores the filter.
effect effect_of_value(const aggregate& of, const row& values);

} // namespace millrace
