#include "actors/cell/sequencer.hpp"

namespace millrace {

namespace {

/// 2 s: a router sends two progress batches per second.
constexpr int marks_of_patience = 4;

} // namespace

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
  if (batch.seen.where > mine.seen.where)
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
    durable_[p.source] = {p, marks_of_patience};
}

std::optional<position> sequencer::owed(const change_batch& mark) {
  auto found = durable_.find(mark.source);
  if (!mark.changes.empty() || found == durable_.end() || found->second.at.last <= mark.acknowledged
      || found->second.marks_left-- > 0)
    return std::nullopt;
  found->second.marks_left = marks_of_patience;
  return found->second.at;
}

void sequencer::restore(const std::vector<position>& from) {
  positions_.clear();
  moved_.clear();
  durable_.clear();
  for (auto& x : from) {
    positions_[x.source] = x;
    durable_[x.source] = {x}; // no marks left: the previous owner's acknowledgement may be lost
  }
}

std::vector<position> sequencer::all() const {
  std::vector<position> out;
  for (auto& [_, x] : positions_)
    out.push_back(x);
  return out;
}

} // namespace millrace
