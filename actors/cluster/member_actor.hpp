#pragma once

/// This node among the others: takes its part of the work, claims the shards of
/// it and lets others go, and tells everybody where cells are served.
///
///     assignment -> gained shards: claim in Redis, load -> homes ~> dispatcher, router, cluster
///                   lost shards:   release at the writer, end the cells   `-> card ~> other nodes
///                   sources:       positions from Redis ~> router

#include "actors/cluster/assignment.hpp"
#include "actors/figures/plan.hpp"
#include "actors/interfaces.hpp"
#include "messages/flush.hpp"

#include <caf/io/middleman_actor.hpp>

#include <chrono>
#include <functional>
#include <map>
#include <optional>
#include <set>

namespace millrace {

/// What builds say to each other: other numbers refuse each other.
constexpr std::uint32_t node_protocol = 4;

struct member_settings {
  std::string name; ///< of this node, the same after a restart
  std::string life; ///< of the ledger
  const plan_set* plans = nullptr;
  assignment_source work;
  /// Claims cells for this life of the ledger. Errors: unavailable (again later), else
  /// the node starts over.
  std::function<result<std::vector<cell_ledger>>(const std::vector<cell_id>&)> claim;
  std::function<result<std::vector<cell_positions>>()> positions; ///< of all cells
  std::function<aggregator_actor(cell_id)> spawn;
  std::function<void(std::string)> lost;
  redis_writer_actor writer;
  dispatcher_actor dispatcher;
  cdc_router_actor router;
  cluster_actor cluster;
  std::optional<node_book> book;    ///< nullopt: there are no other nodes
  std::string address;              ///< HOST:PORT, where this node is reached
  caf::io::middleman_actor network; ///< by which others are reached
  std::chrono::milliseconds interval{25};
};

struct member_state {
  static inline constexpr const char* name = "member";
  using clock = std::chrono::steady_clock;
  explicit member_state(member_actor::stateful_pointer<member_state> self) : self(self) {}

  /// Another node.
  struct peer {
    std::string address;
    peer_actor at;
    node_card card;
    bool connecting = false;
    std::string trouble; ///< why it isn't one of us
  };

  /// A shard that was claimed. It is served once all of its cells have loaded.
  struct claimed_shard {
    std::int64_t claim = 0; ///< which one of `claims`
    cell_homes cells;
    std::size_t unloaded = 0;
  };

  member_actor::behavior_type make_behavior(member_settings settings);
  void poll();
  void take_work(const assignment& x);
  void take_sources();
  void gain(const std::set<shard_id>& shards);
  void serve(std::vector<cell_ledger> ledgers, clock::time_point began);
  claimed_shard* of_claim(shard_id shard, std::int64_t claim);
  cell_homes served() const;
  bool leads() const;
  void lose(const std::set<shard_id>& shards);
  void on_fenced(cell_id cell);
  void tell_homes();
  void tell_own_actors();
  cell_homes homes() const;
  std::vector<cells_behind> doors() const;
  node_card card() const;
  void look_for_nodes();
  void reach(const std::string& node, const std::string& address);
  void greet(const std::string& node);
  void take_card(const node_card& x);
  void miss(const std::string& node, const std::string& why);
  caf::result<bool> leave();
  std::string status() const;

  member_actor::stateful_pointer<member_state> self;
  member_settings how;
  assignment work;
  std::map<shard_id, claimed_shard> mine;
  std::map<std::string, peer> peers;
  std::map<cell_id, std::pair<std::string, aggregator_actor>> theirs; ///< who said last that it serves a cell
  bool sources_due = true, leaving = false;
  std::int64_t claims = 0;
  double load_seconds = 0; ///< from the newest claim until its cells had their rows
  std::string trouble;
};

/// Spawned detached: it calls Kafka and Redis without letting go of the thread.
member_actor::behavior_type member(member_actor::stateful_pointer<member_state> self, member_settings how);

} // namespace millrace
