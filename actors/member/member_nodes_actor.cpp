/// How the member finds the other nodes, and receives their announcements.

#include "actors/member/member_actor.hpp"

#include "messages/caf/in_words.hpp"

#include <caf/io/all.hpp>
#include <spdlog/spdlog.h>

#include <algorithm>

namespace millrace {

namespace {

constexpr std::chrono::seconds greet_timeout{5}, connect_timeout{5};

std::set<cell_id> cells_of(const member_state::peer& x) {
  std::set<cell_id> out;
  for (auto& [cell, _] : x.cells)
    out.insert(cell);
  return out;
}

} // namespace

/// Every second: registers this node, connects to the nodes in the registry, and sends
/// announcements.
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

/// Takes an announcement. One of another incarnation or protocol counts as empty, because its cell
/// numbers mean other cells.
void member_state::take_card(const node_card& x) {
  auto& peer = peers[x.name];
  std::string refused;
  if (x.protocol != node_protocol)
    refused = "it speaks protocol " + std::to_string(x.protocol) + ", this node "
              + std::to_string(node_protocol) + ": run the same build on all nodes";
  else if (x.life != how.life)
    refused = "it serves another incarnation of the ledger";
  if (refused != peer.trouble && !refused.empty())
    spdlog::warn("member: node {}: {}", x.name, refused);
  else if (!peer.trouble.empty() && refused.empty())
    spdlog::info("member: connected to node {}", x.name);
  peer.trouble = refused;
  auto before = homes();
  peer.door = x.door;
  peer.takes_shards = x.takes_shards;
  peer.cells.clear();
  if (refused.empty())
    for (auto& home : x.cells)
      peer.cells[home.cell] = home.at;
  theirs.say(x.name, cells_of(peer));
  auto same = [](const cell_home& a, const cell_home& b) { return a.cell == b.cell && a.at == b.at; };
  auto now = homes();
  if (!std::equal(before.begin(), before.end(), now.begin(), now.end(), same))
    tell_own_actors();
}

/// Treats the node's cells as lost. If they aren't, its next announcement says so.
void member_state::miss(const std::string& node, const std::string& why) {
  auto& peer = peers[node];
  if (peer.trouble != why)
    spdlog::warn("member: node {} at {}: {}", node, peer.address, why);
  peer.trouble = why;
  peer.at = nullptr;
  peer.door = nullptr;
  peer.cells.clear();
  theirs.say(node, {});
}

/// Returns whether a node is connected that can take this node's shards, in the registry or not.
bool member_state::has_heir() const {
  return std::any_of(peers.begin(), peers.end(), [](auto& x) {
    return x.second.door && x.second.trouble.empty() && x.second.takes_shards;
  });
}

} // namespace millrace
