#include "actors/redis_writer/place_walks.hpp"

#include <algorithm>

namespace millrace {

place_walks::place_walks(const plan_set& plans, std::size_t places) : plans_(&plans), places_(places) {}

result<void> place_walks::look_at_rolled(redis::store& in) {
  if (plans_->figures.empty())
    return {};
  for (auto groups = places_; groups > 0;) {
    auto next = in.walk(rolled_, cursor_, groups);
    if (!next)
      return next.why();
    cursor_ = std::move(*next);
    if (cursor_ != "0")
      return {};
    rolled_.value = static_cast<std::uint16_t>((rolled_.value + 1U) % plans_->figures.size());
    groups /= 2; // several small figures per check
  }
  return {};
}

/// Returns whether the entity has figures whose places only its cells know.
bool place_walks::has_places(entity_id x) const {
  return std::any_of(plans_->figures.begin(), plans_->figures.end(), [&](auto& figure) {
    return figure.entity == x && figure.what != figure_kind::rolled_up;
  });
}

void place_walks::choose(const std::map<cell_id, ledger_mark>& mine) {
  if (places_ == 0)
    return;
  std::erase_if(walking_, [&](auto cell) { return !mine.count(cell); });
  auto at = mine.upper_bound(last_);
  for (auto left = mine.size(); left > 0 && walking_.size() < cells_at_once; --left, ++at) {
    if (at == mine.end())
      at = mine.begin();
    if (has_places(at->first.entity))
      walking_.insert(last_ = at->first);
  }
  chosen_ = walking_;
}

std::uint32_t place_walks::places_of(cell_id cell) const {
  return chosen_.count(cell) ? static_cast<std::uint32_t>(places_ / cells_at_once + 1) : 0;
}

void place_walks::told(const cell_flush& x) {
  if (chosen_.erase(x.cell) && x.checked_all)
    walking_.erase(x.cell);
}

result<void> place_walks::compare(redis::store& in, const cell_flush& x,
                                  const std::function<result<bool>()>& is_ours) const {
  if (x.checks.empty())
    return {};
  auto touched = in.compare(*plans_, x.checks);
  if (!touched)
    return touched.why();
  if (touched->empty())
    return {};
  auto ours = is_ours();
  if (!ours)
    return ours.why();
  for (auto at = touched->begin(); *ours && at != touched->end(); ++at)
    if (auto noted = in.note_touched(*plans_, *at); !noted)
      return noted;
  return {};
}

} // namespace millrace
