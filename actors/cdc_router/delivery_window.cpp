#include "actors/cdc_router/delivery_window.hpp"

#include <algorithm>

namespace millrace {

std::size_t size_of(const change_batch& x) { return x.changes.packed().bytes().size(); }

delivery_window::delivery_window(delivery_backend backend, std::size_t credit_bytes)
    : backend_(std::move(backend)), credit_bytes_(credit_bytes) {}

void delivery_window::open(source_id source, cell_id cell, stream_position at) {
  auto& state = sources_[source];
  auto& to = state.chains[cell];
  to.sent = to.durable = at;
  state.read = start(source);
}

void delivery_window::close(source_id source) {
  auto state = sources_.find(source);
  if (state == sources_.end())
    return;
  for (auto& [cell, chain] : state->second.chains)
    forget_up_to(cell, chain, chain.sent);
  sources_.erase(state);
}

stream_position delivery_window::start(source_id source) const {
  auto& chains = sources_.at(source).chains;
  auto lowest = std::min_element(chains.begin(), chains.end(),
                                 [](auto& a, auto& b) { return a.second.sent < b.second.sent; });
  return lowest->second.sent;
}

void delivery_window::deliver(source_id source, std::map<cell_id, packed_changes> changes,
                              stream_position last, stamp seen) {
  auto& state = sources_.at(source);
  state.read = std::max(state.read, last);
  if (seen.where > state.seen.where)
    state.seen = seen;
  for (auto& [cell, list] : changes) {
    auto& to = state.chains.at(cell);
    auto fresh = list.first() > to.sent ? std::move(list) : list.beyond(to.sent);
    if (!fresh.empty())
      send(source, state, cell, to, std::move(fresh));
  }
}

void delivery_window::progress() {
  for (auto& [source, state] : sources_)
    for (auto& [cell, to] : state.chains)
      tell_progress(source, state, cell, to);
}

void delivery_window::progress_of(const std::set<cell_id>& cells) {
  for (auto& [source, state] : sources_)
    for (auto cell : cells)
      if (auto to = state.chains.find(cell); to != state.chains.end())
        tell_progress(source, state, cell, to->second);
}

void delivery_window::tell_progress(source_id source, source_state& state, cell_id cell, chain& to) {
  to.gap_answered = false;
  send(source, state, cell, to, {});
}

void delivery_window::send(source_id source, source_state& state, cell_id cell, chain& to,
                           change_list changes) {
  change_batch batch{cell, source,           to.sent,           std::max(to.sent, state.read),
                     {},   acknowledged(to), std::move(changes)};
  if (state.seen.where <= batch.last)
    batch.seen = state.seen;
  backend_.transmit(batch);
  if (batch.last == to.sent)
    return;
  to.sent = batch.last;
  keep(to, std::move(batch));
}

/// Returns the acknowledged offset. What is still in the send buffer isn't acknowledged, even if a
/// late answer says so.
stream_position delivery_window::acknowledged(const chain& of) {
  return of.kept.empty() ? of.durable : std::min(of.durable, of.kept.front().batch.prev);
}

void delivery_window::keep(chain& to, change_batch batch) {
  if (batch.changes.empty() && !to.kept.empty() && to.kept.back().batch.changes.empty()) {
    to.kept.back().batch.last = batch.last;
    to.kept.back().batch.seen = batch.seen;
    return;
  }
  auto bytes = size_of(batch);
  waiting_[batch.cell] += bytes;
  waiting_bytes_ += bytes;
  to.kept.push_back({std::move(batch), bytes});
}

void delivery_window::forget_up_to(cell_id cell, chain& of, stream_position last) {
  while (!of.kept.empty() && of.kept.front().batch.last <= last) {
    waiting_[cell] -= of.kept.front().bytes;
    waiting_bytes_ -= of.kept.front().bytes;
    of.kept.pop_front();
  }
}

void delivery_window::on_durable(const cell_positions& x) {
  for (auto& p : x.positions) {
    auto state = sources_.find(p.source);
    if (state == sources_.end())
      continue;
    auto& chains = state->second.chains;
    if (auto to = chains.find(x.cell); to != chains.end()) {
      to->second.durable = std::max(to->second.durable, p.last);
      forget_up_to(x.cell, to->second, p.last);
    }
  }
}

void delivery_window::on_gap(const cell_positions& x) {
  for (auto& p : x.positions) {
    auto state = sources_.find(p.source);
    if (state == sources_.end())
      continue;
    auto& chains = state->second.chains;
    auto to = chains.find(x.cell);
    if (to == chains.end() || p.last >= to->second.sent || to->second.gap_answered)
      continue;
    to->second.gap_answered = true;
    resend(p.source, state->second, x.cell, to->second, p.last);
  }
}

void delivery_window::resend(source_id source, source_state& state, cell_id cell, chain& to,
                             stream_position have) {
  to.durable = std::min(to.durable, have);
  auto first = std::find_if(to.kept.begin(), to.kept.end(), [&](auto& x) { return x.batch.last > have; });
  if (first != to.kept.end() && first->batch.prev <= have) {
    for (; first != to.kept.end(); ++first, ++resent_)
      backend_.transmit(first->batch);
    return;
  }
  forget_up_to(cell, to, to.sent);
  to.sent = have;
  if (have < state.read) {
    state.read = have;
    ++seeks_;
    backend_.seek(source, have);
  }
}

bool delivery_window::blocked(source_id source) const {
  auto& chains = sources_.at(source).chains;
  return std::any_of(chains.begin(), chains.end(), [&](auto& x) {
    auto waiting = waiting_.find(x.first);
    return waiting != waiting_.end() && waiting->second > credit_bytes_;
  });
}

stream_position delivery_window::durable(source_id source) const {
  auto& chains = sources_.at(source).chains;
  auto lowest = std::min_element(chains.begin(), chains.end(),
                                 [](auto& a, auto& b) { return a.second.durable < b.second.durable; });
  return lowest->second.durable;
}

stream_position delivery_window::read(source_id source) const { return sources_.at(source).read; }

} // namespace millrace
