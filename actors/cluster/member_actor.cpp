#include "actors/cluster/member_actor.hpp"

#include "messages/caf/in_words.hpp"

#include <caf/io/all.hpp>
#include <nlohmann/json.hpp>
#include <spdlog/spdlog.h>

#include <algorithm>

namespace millrace {

namespace {

constexpr std::chrono::seconds node_interval{1}, greet_timeout{5}, connect_timeout{5};
constexpr std::chrono::seconds release_timeout{5};
constexpr std::chrono::minutes load_timeout{5};

std::vector<cell_id> cells_of(const std::set<shard_id>& shards, const plan_set& plans) {
  std::vector<cell_id> out;
  for (auto shard : shards)
    for (std::uint16_t entity = 0; entity < plans.tables.size(); ++entity)
      out.push_back({shard, entity_id{entity}});
  return out;
}

std::set<shard_id> without(const std::set<shard_id>& all, const std::set<shard_id>& some) {
  std::set<shard_id> out;
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
        if (leaving)
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
      [this](atom::release) { return leave(); },
      [this](atom::status) { return status(); },
  };
}

void member_state::poll() {
  auto now = how.work.look();
  if (!now)
    return how.lost(now.why().message);
  take_work(*now);
}

void member_state::take_work(const assignment& x) {
  if (x.sources != work.sources)
    sources_due = true;
  work = x;
  std::set<shard_id> have;
  for (auto& [shard, _] : mine)
    have.insert(shard);
  if (auto gone = without(have, work.shards); !gone.empty())
    lose(gone);
  if (auto fresh = without(work.shards, have); !fresh.empty())
    gain(fresh);
  if (sources_due)
    take_sources();
}

void member_state::take_sources() {
  auto have = how.positions();
  if (!have) {
    if (have.why().code != errc::unavailable)
      how.lost(have.why().message);
    return;
  }
  sources_due = false;
  self->send(how.router, atom::sources_v, std::vector<source_id>(work.sources.begin(), work.sources.end()),
             std::move(*have));
}

/// Whoever had them is fenced from here on.
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
  serve(std::move(*ledgers), began);
}

/// Cells that are let go, or claimed again, while they load are nobody's business
/// when they have loaded.
void member_state::serve(std::vector<cell_ledger> ledgers, clock::time_point began) {
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

/// Whoever claimed the cell claimed its shard. If the groups still say that it is
/// ours it is claimed again by the next look.
void member_state::on_fenced(cell_id cell) {
  if (mine.count(cell.shard) == 0)
    return;
  spdlog::warn("member: another node claimed shard {}", cell.shard.value);
  lose({cell.shard});
}

cell_homes member_state::served() const {
  cell_homes out;
  for (auto& [_, shard] : mine)
    if (shard.unloaded == 0)
      out.insert(out.end(), shard.cells.begin(), shard.cells.end());
  return out;
}

/// Who serves the first shard minds fills and the connector.
bool member_state::leads() const {
  auto first = mine.find(shard_id{0});
  return first != mine.end() && first->second.unloaded == 0;
}

cell_homes member_state::homes() const {
  std::map<cell_id, aggregator_actor> all;
  for (auto& [cell, told] : theirs)
    all[cell] = told.second;
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
  for (auto& [cell, told] : theirs)
    if (!ours.count(cell)) {
      auto& some = by_node[told.first];
      some.door = peers.at(told.first).card.door;
      some.cells.push_back(cell);
    }
  std::vector<cells_behind> out;
  for (auto& [_, some] : by_node)
    out.push_back(std::move(some));
  return out;
}

node_card member_state::card() const { return {node_protocol, how.name, how.life, served(), how.dispatcher}; }

/// The dispatcher knows of a cell before anybody sends it something.
void member_state::tell_homes() {
  self->send(how.dispatcher, atom::homes_v, served());
  tell_own_actors();
  for (auto& [node, peer] : peers)
    if (peer.at)
      greet(node);
}

void member_state::tell_own_actors() {
  self->send(how.router, atom::homes_v, doors());
  self->send(how.cluster, atom::homes_v, homes(), leads());
}

/// Every second: this node is in the book, who is in it is connected to, and
/// cards are exchanged.
void member_state::look_for_nodes() {
  if (auto put = how.book->put(how.name, how.address); !put)
    return;
  auto there = how.book->list();
  if (!there)
    return;
  for (auto& [node, address] : *there)
    if (node != how.name)
      reach(node, address);
  std::vector<std::string> gone;
  for (auto& [node, _] : peers)
    if (!there->count(node))
      gone.push_back(node);
  for (auto& node : gone) {
    miss(node, "it has left");
    peers.erase(node);
  }
}

void member_state::reach(const std::string& node, const std::string& address) {
  auto& peer = peers[node];
  if (peer.at && peer.address == address)
    return greet(node);
  if (peer.connecting)
    return;
  peer.address = address;
  peer.connecting = true;
  auto [host, port] = split_address(address);
  self->request(how.network, connect_timeout, caf::connect_atom::value, host, port)
      .then(
          [this, node](const caf::node_id&, const caf::strong_actor_ptr& at, const std::set<std::string>&) {
            auto& peer = peers[node];
            peer.connecting = false;
            if (!at)
              return miss(node, "no node answers there");
            peer.at = caf::actor_cast<peer_actor>(at);
            self->monitor(peer.at);
            greet(node);
          },
          [this, node](caf::error& why) {
            peers[node].connecting = false;
            miss(node, in_words(self->system(), why));
          });
}

void member_state::greet(const std::string& node) {
  self->request(peers.at(node).at, greet_timeout, atom::hello_v, card())
      .then([this](const node_card& x) { take_card(x); },
            [this, node](caf::error& why) { miss(node, self->system().render(why)); });
}

/// Cards of another life or protocol are as empty ones: their numbers mean other cells.
void member_state::take_card(const node_card& x) {
  auto& peer = peers[x.name];
  std::string refused;
  if (x.protocol != node_protocol)
    refused = "it speaks protocol " + std::to_string(x.protocol) + ", this node "
              + std::to_string(node_protocol) + ": run the same build on all nodes";
  else if (x.life != how.life)
    refused = "it serves another life of the ledger";
  if (refused != peer.trouble && !refused.empty())
    spdlog::warn("member: node {}: {}", x.name, refused);
  else if (!peer.trouble.empty() && refused.empty())
    spdlog::info("member: node {} is one of us", x.name);
  peer.trouble = refused;
  auto before = homes();
  std::erase_if(theirs, [&](auto& told) { return told.second.first == x.name; });
  if (refused.empty())
    for (auto& home : x.cells)
      theirs[home.cell] = {x.name, home.at};
  peer.card = x;
  auto same = [](const cell_home& a, const cell_home& b) { return a.cell == b.cell && a.at == b.at; };
  auto now = homes();
  if (!std::equal(before.begin(), before.end(), now.begin(), now.end(), same))
    tell_own_actors();
}

/// Its cells are as good as gone; if they aren't, the next card says so.
void member_state::miss(const std::string& node, const std::string& why) {
  auto& peer = peers[node];
  if (peer.trouble != why)
    spdlog::warn("member: node {} at {}: {}", node, peer.address, why);
  peer.trouble = why;
  peer.at = nullptr;
  std::erase_if(theirs, [&](auto& told) { return told.second.first == node; });
}

caf::result<bool> member_state::leave() {
  leaving = true;
  auto promise = self->make_response_promise<bool>();
  std::vector<cell_id> cells;
  for (auto& [_, shard] : mine)
    for (auto& home : shard.cells)
      cells.push_back(home.cell);
  mine.clear();
  auto end = [this, promise]() mutable {
    how.work.leave();
    if (how.book)
      (void)how.book->remove(how.name);
    promise.deliver(true);
  };
  self->request(how.writer, release_timeout, atom::release_v, std::move(cells))
      .then([end](bool) mutable { end(); }, [end](caf::error&) mutable { end(); });
  return promise;
}

std::string member_state::status() const {
  nlohmann::json nodes = nlohmann::json::object();
  for (auto& [node, x] : peers)
    nodes[node] = {{"address", x.address}, {"cells", x.card.cells.size()}, {"trouble", x.trouble}};
  std::vector<std::uint16_t> shards;
  for (auto& [shard, x] : mine)
    if (x.unloaded == 0)
      shards.push_back(shard.value);
  return nlohmann::json{
      {"name", how.name}, {"address", how.address}, {"shards", shards},   {"sources", work.sources.size()},
      {"claims", claims}, {"nodes", nodes},         {"trouble", trouble}, {"load_seconds", load_seconds}}
      .dump();
}

member_actor::behavior_type member(member_actor::stateful_pointer<member_state> self, member_settings how) {
  return self->state.make_behavior(std::move(how));
}

} // namespace millrace
