#pragma once

/// A slow round over all places in Redis, some per check, to find places that another client
/// changed or deleted. For rolled-up figures, the leader compares the places with their partials
/// inside Redis. For all others, the cell says what it wrote, and each node compares its own.

#include "actors/redis/store.hpp"

#include <functional>
#include <map>
#include <set>

namespace millrace {

class place_walks {
 public:
  /// How many cells can be in their round at a time. Each keeps its rows' keys meanwhile.
  static constexpr std::size_t cells_at_once = 8;

  place_walks() = default;
  /// `plans` must outlive this. `places`: how many each check compares; 0: none.
  place_walks(const plan_set& plans, std::size_t places);

  /// Compares the next places of rolled-up figures.
  result<void> look_at_rolled(redis::store& in);

  /// Chooses those of these cells whose next flush names places to compare.
  void choose(const std::map<cell_id, ledger_mark>& mine);
  const std::set<cell_id>& chosen() const { return chosen_; }

  /// Returns how many places the cell's next flush must name; 0: not chosen.
  std::uint32_t places_of(cell_id cell) const;
  /// The flush was collected: the cell isn't asked again before the next check.
  void told(const cell_flush& x);

  /// Compares the places named by a flush that is in Redis, and notes those that differ. `is_ours`:
  /// whether no other node has written the cell since.
  result<void> compare(redis::store& in, const cell_flush& x,
                       const std::function<result<bool>()>& is_ours) const;

 private:
  bool has_places(entity_id x) const;

  const plan_set* plans_ = nullptr;
  std::size_t places_ = 0;
  figure_id rolled_;          ///< whose places are compared next
  std::string cursor_ = "0";  ///< Redis cursor in that figure
  std::set<cell_id> walking_; ///< in their round
  std::set<cell_id> chosen_;  ///< those of `walking_` whose next flush is asked
  cell_id last_{};            ///< the cell that began a round last
};

} // namespace millrace
