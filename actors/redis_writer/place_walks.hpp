#pragma once

/// The slow walk over all places in Redis, some of them with each look, for those that another client
/// changed or deleted. Places of rolled-up figures are compared in Redis with their parts, by the node
/// that has the first shard. Of all others their cell says what it left: each node compares its own.

#include "actors/redis/store.hpp"

#include <functional>
#include <map>
#include <set>

namespace millrace {

class place_walks {
 public:
  /// Some cells are in the middle of their round at a time: each keeps its rows' keys for it.
  static constexpr std::size_t cells_at_once = 8;

  place_walks() = default;
  /// `plans` must outlive this. `places`: how many each look compares; 0: none.
  place_walks(const plan_set& plans, std::size_t places);

  /// Goes on over the rolled-up figures.
  result<void> look_at_rolled(redis::store& in);

  /// Chooses the cells, of these, whose next flush says what to compare.
  void choose(const std::map<cell_id, ledger_mark>& mine);
  const std::set<cell_id>& chosen() const { return chosen_; }

  /// Returns how many places the cell is to tell with its next flush; 0: it isn't chosen.
  std::uint32_t places_of(cell_id cell) const;
  /// The flush was collected: the cell isn't asked again before the next look.
  void told(const cell_flush& x);

  /// Compares what a flush that is in Redis left there. `is_ours`: whether no other node has written
  /// in the cell's name since. Places that differ are noted.
  result<void> compare(redis::store& in, const cell_flush& x,
                       const std::function<result<bool>()>& is_ours) const;

 private:
  bool has_places(entity_id x) const;

  const plan_set* plans_ = nullptr;
  std::size_t places_ = 0;
  figure_id rolled_;          ///< whose places are compared next
  std::string cursor_ = "0";  ///< how far
  std::set<cell_id> walking_; ///< in the middle of their round
  std::set<cell_id> chosen_;  ///< of them, whose next flush is asked
  cell_id last_{};            ///< that began a round
};

} // namespace millrace
