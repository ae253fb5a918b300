/// How the member gives up shards and partitions that other nodes get, and everything when this
/// node leaves.

#include "actors/member/member_actor.hpp"

#include <caf/io/all.hpp>
#include <spdlog/spdlog.h>

#include <algorithm>

namespace millrace {

namespace {

constexpr std::chrono::seconds release_timeout{5};

} // namespace

/// Marks what goes to another node. A leader that loses shard 0 stops leading at once.
void member_state::mark_lost(const assignment& now) {
  auto led = leads();
  for (auto& [shard, claimed] : mine)
    if (now.shards.count(shard) > 0)
      claimed.lost.reset();
    else if (!claimed.lost)
      claimed.lost = clock::now();
  for (auto source : work.sources)
    if (now.sources.count(source) == 0 && has_heir())
      ending.try_emplace(source, clock::now() + how.overlap);
  std::erase_if(ending, [&](auto& x) { return now.sources.count(x.first) > 0 || clock::now() >= x.second; });
  if (leads() != led)
    tell_own_actors();
}

/// Releases shards that other nodes serve. Each release restarts the time limit of the rest.
void member_state::hand_over() {
  auto gone = handed_over();
  if (gone.empty())
    return;
  lose(gone);
  for (auto& [_, claimed] : mine)
    if (claimed.lost)
      claimed.lost = clock::now();
}

/// Returns the lost shards to release. Another node serves them, no node can take them, their time
/// limit is over, or they haven't loaded.
std::set<shard_id> member_state::handed_over() const {
  auto nobody = !has_heir();
  std::set<shard_id> out;
  for (auto& [shard, claimed] : mine)
    if (claimed.lost
        && (nobody || claimed.unloaded > 0 || is_theirs(claimed)
            || clock::now() - *claimed.lost >= how.hand_over_limit))
      out.insert(shard);
  return out;
}

bool member_state::is_theirs(const claimed_shard& x) const {
  return std::all_of(x.cells.begin(), x.cells.end(), [&](auto& home) { return theirs.claimed(home.cell); });
}

void member_state::lose(const std::set<shard_id>& shards) {
  std::vector<cell_id> cells;
  cell_homes gone;
  for (auto shard : shards)
    if (auto claimed = mine.find(shard); claimed != mine.end()) {
      gone.insert(gone.end(), claimed->second.cells.begin(), claimed->second.cells.end());
      mine.erase(claimed);
    }
  for (auto& home : gone)
    cells.push_back(home.cell);
  auto end = [this, gone] {
    for (auto& home : gone)
      self->send_exit(home.at, caf::exit_reason::user_shutdown);
  };
  self->request(how.writer, release_timeout, atom::release_v, std::move(cells))
      .then([end](bool) { end(); }, [end](caf::error&) { end(); });
  tell_homes();
}

/// Another node claimed the cell, and so its shard. If the groups still assign the shard to this
/// node, the next poll claims it again.
void member_state::on_fenced(cell_id cell) {
  auto claimed = mine.find(cell.shard);
  if (claimed == mine.end())
    return;
  if (!claimed->second.lost)
    spdlog::warn("member: another node claimed shard {}", cell.shard.value);
  lose({cell.shard});
}

/// Leaves the groups. Continues to serve and read until other nodes do.
caf::result<bool> member_state::leave() {
  left = self->make_response_promise<bool>();
  leaving = clock::now();
  mark_lost({});
  tell_homes();
  how.work.leave();
  out = clock::now();
  hand_rest_over();
  return left;
}

/// Answers `leave` once the others serve everything, or at once if no node can take the rest. The
/// caller flushes then.
void member_state::hand_rest_over() {
  auto in_vain = !has_heir() || clock::now() - *leaving >= how.hand_over_limit;
  if (!in_vain)
    hand_over();
  // The others learn from Kafka that this node has left, and poll then.
  if (in_vain || (mine.empty() && clock::now() - out >= 2 * how.overlap))
    left.deliver(true);
}

bool member_state::has_left() const { return released || (leaving && !left.pending()); }

caf::result<bool> member_state::release() {
  auto promise = self->make_response_promise<bool>();
  std::vector<cell_id> cells;
  for (auto& [_, shard] : mine)
    for (auto& home : shard.cells)
      cells.push_back(home.cell);
  mine.clear();
  released = true;
  auto end = [this, promise]() mutable {
    if (how.book)
      strike_out();
    promise.deliver(true);
  };
  self->request(how.writer, release_timeout, atom::release_v, std::move(cells))
      .then([end](bool) mutable { end(); }, [end](caf::error&) mutable { end(); });
  return promise;
}

/// Removes this node from the registry, unless a new node has its name.
void member_state::strike_out() {
  auto there = how.book->list();
  if (there && there->count(how.name) > 0 && there->at(how.name) == how.address)
    (void)how.book->remove(how.name);
}

} // namespace millrace
