#pragma once

/// This node in the cluster. It takes its assignment, claims the shards in it, releases others, and
/// sends the locations of cells to all other actors.
///
///     assignment -> gained shards: claim in Redis, load -> homes ~> dispatcher, router, fill
///                   lost shards:   serve until another node does,         `-> card ~> other nodes
///                                  then release at the writer, end the cells
///                   partitions:    positions from Redis ~> router; lost ones are read 0.5 s longer
///
/// So a shard is served all the time while it moves. The fencing token decides whose flushes
/// succeed, and the chain ignores batches that come twice.

#include "actors/figures/plan/plan.hpp"
#include "actors/interfaces.hpp"
#include "actors/member/assignment.hpp"
#include "actors/member/cell_claims.hpp"
#include "messages/flush.hpp"

#include <caf/io/middleman_actor.hpp>

#include <chrono>
#include <functional>
#include <map>
#include <optional>
#include <set>

namespace millrace {

/// The version of the protocol between nodes. Nodes with different numbers reject each other.
constexpr std::uint32_t node_protocol = 10;

struct member_settings {
  std::string name; ///< stays the same after a restart
  std::string life; ///< incarnation of the ledger
  const plan_set* plans = nullptr;
  assignment_source work;
  /// Claims cells if the ledger has this incarnation. Errors: unavailable (retry); after any other
  /// the node starts over.
  std::function<result<std::vector<cell_ledger>>(const std::vector<cell_id>&)> claim;
  std::function<result<std::vector<cell_positions>>()> positions; ///< of all cells
  std::function<aggregator_actor(cell_id)> spawn;
  std::function<void(std::string)> lost;
  redis_writer_actor writer;
  dispatcher_actor dispatcher;
  cdc_router_actor router;
  fill_actor fill;
  batch_scheduler_actor batches;    ///< null: there are no batch figures
  alert_sender_actor alerts;        ///< null: alerts have no receiver
  std::optional<node_book> book;    ///< node registry; nullopt: a single node
  bool takes_shards = true;         ///< from this node's role
  std::string address;              ///< HOST:PORT at which others reach this node
  caf::io::middleman_actor network; ///< for connections to other nodes
  std::chrono::milliseconds interval{25};
  std::chrono::milliseconds hand_over_limit{5000}; ///< how long a lost shard is served if no node takes it
  std::chrono::milliseconds overlap{500};          ///< how long a lost partition is read
};

struct member_state {
  static inline constexpr const char* name = "member";
  using clock = std::chrono::steady_clock;
  explicit member_state(member_actor::stateful_pointer<member_state> self) : self(self) {}

  /// Another node.
  struct peer {
    std::string address;
    peer_actor at;                             ///< null: not connected
    dispatcher_actor door;                     ///< null: no announcement yet
    std::map<cell_id, aggregator_actor> cells; ///< cells that it serves
    bool connecting = false, takes_shards = false;
    std::string trouble; ///< why it isn't part of the cluster
  };

  /// A claimed shard. It is served once all of its cells have loaded.
  struct claimed_shard {
    std::int64_t claim = 0; ///< the value of `claims` at this claim
    cell_homes cells;
    std::size_t unloaded = 0;
    std::optional<clock::time_point> lost; ///< since when it is assigned to another node
  };

  member_actor::behavior_type make_behavior(member_settings settings);
  void poll();
  void take_work(const assignment& x);
  void mark_lost(const assignment& now);
  void hand_over();
  std::set<shard_id> handed_over() const;
  bool is_theirs(const claimed_shard& x) const;
  std::set<source_id> reads() const;
  void take_sources(const std::set<source_id>& now);
  void gain(const std::set<shard_id>& shards);
  std::set<shard_id> next_to_claim() const;
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
  bool has_heir() const;
  caf::result<bool> leave();
  void hand_rest_over();
  bool has_left() const;
  caf::result<bool> release();
  void strike_out();
  member_report status() const;

  member_actor::stateful_pointer<member_state> self;
  member_settings how;
  inspector_actor inspector; ///< null: not spawned yet
  assignment work;
  std::map<shard_id, claimed_shard> mine;
  std::map<std::string, peer> peers;
  cell_claims theirs; ///< claims of the peers
  std::map<source_id, clock::time_point>
      ending;                               ///< lost partitions that the router still reads until this time
  std::optional<std::set<source_id>> told;  ///< partitions that the router reads
  caf::typed_response_promise<bool> left;   ///< answered once other nodes serve this node's part
  std::optional<clock::time_point> leaving; ///< since when this node leaves
  clock::time_point out;                    ///< when this node left the groups
  bool released = false;
  std::int64_t claims = 0;
  double load_seconds = 0; ///< from the newest claim until its cells had loaded
  std::string trouble;
};

/// Returns the member's behavior. Spawn it detached: calls to Kafka and Redis block its thread.
member_actor::behavior_type member(member_actor::stateful_pointer<member_state> self, member_settings how);

} // namespace millrace
