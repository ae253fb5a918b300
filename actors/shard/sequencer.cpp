#include "actors/shard/sequencer.hpp"

namespace millrace {

sequencer::verdict sequencer::offer(const change_batch& batch) const {
  auto here = at(batch.source).last;
  if (batch.prev > here)
    return verdict::gap;
  return batch.last > here ? verdict::apply : verdict::old;
}

void sequencer::advance(const change_batch& batch) {
  auto& mine = positions_[batch.source];
  mine.source = batch.source;
  mine.last = batch.last;
  if (batch.seen.offset > mine.seen.offset)
    mine.seen = batch.seen;
  moved_[batch.source] = true;
}

position sequencer::at(source_id source) const {
  auto found = positions_.find(source);
  return found == positions_.end() ? position{source, nowhere, {}} : found->second;
}

std::vector<position> sequencer::take_moved() {
  std::vector<position> out;
  for (auto& [source, _] : moved_)
    out.push_back(positions_.at(source));
  moved_.clear();
  return out;
}

void sequencer::made_durable(const std::vector<position>& x) {
  for (auto& p : x)
    durable_[p.source] = p;
}

std::optional<position> sequencer::owed(const change_batch& mark) const {
  auto found = durable_.find(mark.source);
  if (!mark.changes.empty() || found == durable_.end() || found->second.last <= mark.acknowledged)
    return std::nullopt;
  return found->second;
}

void sequencer::restore(const std::vector<position>& from) {
  positions_.clear();
  moved_.clear();
  for (auto& x : from)
    positions_[x.source] = x;
  durable_ = positions_;
}

std::vector<position> sequencer::all() const {
  std::vector<position> out;
  for (auto& [_, x] : positions_)
    out.push_back(x);
  return out;
}

} // namespace millrace
