#pragma once

/// What a figure keeps of a group's rows: a few words an aggregate.
///
///     word 0   rows
///     count    [count]
///     sum, avg [count of values][of them NaN][sum of the others: 4 limbs]
///     min, max [count of values][the best of them] and a bag of all of them

#include "actors/figures/fold/value_bag.hpp"
#include "actors/figures/plan/plan.hpp"
#include "actors/figures/values/numeric.hpp"

#include <memory>

namespace millrace {

/// What one row means to one aggregate.
struct effect {
  bool counted = false; ///< passes the filter, and the value isn't NULL
  bool nan = false;
  int128 amount = 0; ///< the value, scaled; 0 if NaN
};

using tally_words = std::unique_ptr<std::int64_t[]>;

struct tally {
  tally_words words;
  std::unique_ptr<value_bag[]> bags; ///< null if the figure has neither min nor max
};

/// How the aggregates of a figure lie in a tally's words, and what may be done
/// to them. A partial is the tally of one foreign key's rows before they meet
/// their parent: of the aggregates over the parent's columns it has the count.
class tally_layout {
 public:
  tally_layout(const std::vector<aggregate>& aggregates, bool partial);

  tally make() const;
  std::size_t words() const { return size_; }
  std::size_t aggregates() const { return slots_.size(); }
  bool has_bags() const { return bags_ > 0; }
  bool has_values(const tally& of) const;        ///< in some bag
  bool is_zero(const std::int64_t* words) const; ///< the best values don't matter

  /// Adds (times > 0) or takes away one row's effect, so many times.
  void add(tally& to, std::size_t aggregate, const effect& of, std::int64_t times) const;
  /// Moves a partial of another layout in (sign 1) or out (-1), with its parent's effect.
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
    bool parents = false; ///< over the parent's columns
    bool greatest = false;
    std::uint16_t at = 0, bag = 0;
  };
  void update_best(tally& of, const slot& s) const;

  std::vector<slot> slots_;
  std::size_t size_ = 1, bags_ = 0;
};

/// In a bag NaN stands beyond every number, where PostgreSQL has it.
constexpr std::int64_t nan_in_bag = plus_infinity;

/// Returns one row's effect by the aggregate's factors, whatever its filter.
effect effect_of_value(const aggregate& of, const row& values);

} // namespace millrace
