#include "actors/member/member_actor.hpp"

#include "messages/caf/in_words.hpp"

#include <caf/io/all.hpp>
#include <spdlog/spdlog.h>

#include <algorithm>

namespace millrace {

namespace {

constexpr std::chrono::seconds node_interval{1};
constexpr std::chrono::minutes load_timeout{5};

std::vector<cell_id> cells_of(const std::set<shard_id>& shards, const plan_set& plans) {
  std::vector<cell_id> out;
  for (auto shard : shards)
    for (std::uint16_t entity = 0; entity < plans.tables.size(); ++entity)
      out.push_back({shard, entity_id{entity}});
  return out;
}

template <class T>
std::set<T> without(const std::set<T>& all, const std::set<T>& some) {
  std::set<T> out;
  std::set_difference(all.begin(), all.end(), some.begin(), some.end(), std::inserter(out, out.end()));
  return out;
}

} // namespace

member_actor::behavior_type member_state::make_behavior(member_settings settings) {
  how = std::move(settings);
  self->send(self, atom::poll_v);
  if (how.book)
    self->send(self, atom::tick_v);
  self->set_down_handler([this](const caf::down_msg& x) {
    for (auto& [node, peer] : peers)
      if (peer.at && peer.at.address() == x.source)
        return miss(node, "its connection has gone");
  });
  return {
      [this](atom::hello, const node_card& x) {
        take_card(x);
        return card();
      },
      [this](atom::homes) { return homes(); },
      [this](atom::poll) {
        if (has_left())
          return;
        poll();
        self->delayed_send(self, how.interval, atom::poll_v);
      },
      [this](atom::tick) {
        if (leaving)
          return;
        look_for_nodes();
        self->delayed_send(self, node_interval, atom::tick_v);
      },
      [this](atom::fenced, cell_id cell) { on_fenced(cell); },
      [this](atom::leave) { return leave(); },
      [this](atom::release) { return release(); },
      [this](atom::status) { return status(); },
      [this](atom::inspector) -> caf::result<inspector_actor> {
        if (!inspector)
          return caf::make_error(caf::sec::invalid_argument);
        return inspector;
      },
      [this](atom::inspector, const inspector_actor& x) { inspector = x; },
  };
}

void member_state::poll() {
  if (leaving)
    return hand_rest_over();
  auto now = how.work.look();
  if (!now)
    return how.lost(now.why().message);
  take_work(*now);
}

void member_state::take_work(const assignment& x) {
  mark_lost(x);
  work = x;
  hand_over();
  if (auto next = next_to_claim(); !next.empty())
    gain(next);
  if (auto now = reads(); now != told)
    take_sources(now);
}

std::set<source_id> member_state::reads() const {
  auto all = work.sources;
  for (auto& [source, _] : ending)
    all.insert(source);
  return all;
}

void member_state::take_sources(const std::set<source_id>& now) {
  std::vector<cell_positions> have;
  if (!without(now, told.value_or(std::set<source_id>{})).empty()) {
    auto found = how.positions();
    if (!found) {
      if (found.why().code != errc::unavailable)
        how.lost(found.why().message);
      return;
    }
    have = std::move(*found);
  }
  told = now;
  self->send(how.router, atom::sources_v, std::vector<source_id>(now.begin(), now.end()), std::move(have));
}

/// Returns the shards to claim. Claims those that another node serves one at a time, and the next one after
/// the last has loaded. No node serves a shard between its claim and the end of its load.
std::set<shard_id> member_state::next_to_claim() const {
  if (!work.in_touch)
    return {};
  std::set<shard_id> have, served;
  for (auto& [shard, _] : mine)
    have.insert(shard);
  auto wanted = without(work.shards, have);
  if (wanted.empty())
    return {};
  for (auto& [cell, _] : theirs.owners())
    if (wanted.count(cell.shard) > 0)
      served.insert(cell.shard);
  if (auto idle = without(wanted, served); !idle.empty() || served.empty())
    return idle;
  auto loading = std::any_of(mine.begin(), mine.end(), [](auto& x) { return x.second.unloaded > 0; });
  return loading ? std::set<shard_id>{} : std::set<shard_id>{*served.begin()};
}

/// Claims the shards. Their previous owner is fenced from now on.
void member_state::gain(const std::set<shard_id>& shards) {
  auto began = clock::now();
  auto ledgers = how.claim(cells_of(shards, *how.plans));
  if (!ledgers) {
    if (ledgers.why().code != errc::unavailable)
      return how.lost(ledgers.why().message);
    if (trouble != ledgers.why().message)
      spdlog::warn("member: {}; trying again", ledgers.why().message);
    trouble = ledgers.why().message;
    return;
  }
  trouble.clear();
  ++claims;
  for (auto shard : shards)
    mine[shard]; // also if there are no figures and so no cells
  serve(std::move(*ledgers), began);
}

/// Loads the claimed cells. Ignores cells that were released or claimed again meanwhile.
void member_state::serve(std::vector<cell_ledger> ledgers, clock::time_point began) {
  if (ledgers.empty())
    return tell_homes();
  auto claim = claims;
  auto awaited = std::make_shared<std::size_t>(ledgers.size());
  auto one_less = [this, awaited, began] {
    if (--*awaited > 0)
      return;
    load_seconds = std::chrono::duration<double>(clock::now() - began).count();
    tell_homes();
  };
  for (auto& ledger : ledgers) {
    auto id = ledger.cell;
    cell_home home{id, how.spawn(id)};
    auto& shard = mine[id.shard];
    shard.claim = claim;
    shard.cells.push_back(home);
    ++shard.unloaded;
    self->send(how.writer, atom::own_v, home, ledger.owner, ledger.number);
    self->request(home.at, load_timeout, atom::load_v, std::move(ledger))
        .then(
            [this, id, claim, one_less](const cell_positions&) {
              if (auto* loaded = of_claim(id.shard, claim))
                --loaded->unloaded;
              one_less();
            },
            [this, id, claim, one_less](caf::error&) {
              if (of_claim(id.shard, claim))
                how.lost("the state of shard " + std::to_string(id.shard.value) + " can't be loaded");
              one_less();
            });
  }
}

member_state::claimed_shard* member_state::of_claim(shard_id shard, std::int64_t claim) {
  auto found = mine.find(shard);
  return found != mine.end() && found->second.claim == claim ? &found->second : nullptr;
}

cell_homes member_state::served() const {
  cell_homes out;
  for (auto& [_, shard] : mine)
    if (shard.unloaded == 0)
      out.insert(out.end(), shard.cells.begin(), shard.cells.end());
  return out;
}

/// The node that serves shard 0 leads. It runs fills and watches the connector.
bool member_state::leads() const {
  auto first = mine.find(shard_id{0});
  return first != mine.end() && first->second.unloaded == 0 && !first->second.lost;
}

cell_homes member_state::homes() const {
  std::map<cell_id, aggregator_actor> all;
  for (auto& [cell, node] : theirs.owners())
    all[cell] = peers.at(node).cells.at(cell);
  for (auto& home : served())
    all[home.cell] = home.at;
  cell_homes out;
  for (auto& [cell, at] : all)
    out.push_back({cell, at});
  return out;
}

std::vector<cells_behind> member_state::doors() const {
  std::map<std::string, cells_behind> by_node;
  auto own = served();
  std::set<cell_id> ours;
  for (auto& home : own)
    ours.insert(home.cell);
  by_node[how.name] = {how.dispatcher, {ours.begin(), ours.end()}};
  for (auto& [cell, node] : theirs.owners())
    if (!ours.count(cell)) {
      auto& some = by_node[node];
      some.door = peers.at(node).door;
      some.cells.push_back(cell);
    }
  std::vector<cells_behind> out;
  for (auto& [_, some] : by_node)
    out.push_back(std::move(some));
  return out;
}

node_card member_state::card() const {
  return {node_protocol, how.name, how.life, served(), how.dispatcher, how.takes_shards && !leaving};
}

/// The dispatcher gets the list first, so that it knows a cell before batches for it come.
void member_state::tell_homes() {
  self->send(how.dispatcher, atom::homes_v, served());
  tell_own_actors();
  for (auto& [node, peer] : peers)
    if (peer.at)
      greet(node);
}

void member_state::tell_own_actors() {
  self->send(how.router, atom::homes_v, doors());
  self->send(how.fill, atom::homes_v, homes(), leads());
  if (how.batches)
    self->send(how.batches, atom::lead_v, leads());
  if (how.alerts)
    self->send(how.alerts, atom::lead_v, leads());
  if (how.reconciler)
    self->send(how.reconciler, atom::lead_v, leads());
}

member_report member_state::status() const {
  member_report out{how.name, how.address};
  for (auto& [shard, x] : mine)
    if (x.unloaded == 0)
      out.shards.push_back(shard.value);
  out.sources = work.sources.size();
  out.claims = claims;
  for (auto& [node, x] : peers)
    out.nodes[node] = {x.address, x.cells.size(), x.trouble};
  out.trouble = trouble;
  out.load_seconds = load_seconds;
  return out;
}

member_actor::behavior_type member(member_actor::stateful_pointer<member_state> self, member_settings how) {
  return self->state.make_behavior(std::move(how));
}

} // namespace millrace
