#pragma once

/// This node among the others: takes its part of the work, claims the shards of
/// it and lets others go, and tells everybody where cells are served.
///
///     assignment -> gained shards: claim in Redis, load -> homes ~> dispatcher, router, fill
///                   lost shards:   serve until another node does,         `-> card ~> other nodes
///                                  then release at the writer, end the cells
///                   sources:       positions from Redis ~> router; lost ones are read a moment longer
///
/// So no shard waits for the groups while it goes to another node: the ledger's fence
/// says whose writes count, and the chain drops what comes twice.

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

/// What builds say to each other: other numbers refuse each other.
constexpr std::uint32_t node_protocol = 7;

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
  fill_actor fill;
  std::optional<node_book> book;    ///< nullopt: there are no other nodes
  bool takes_shards = true;         ///< by this node's role
  std::string address;              ///< HOST:PORT, where this node is reached
  caf::io::middleman_actor network; ///< by which others are reached
  std::chrono::milliseconds interval{25};
  std::chrono::milliseconds hand_over_limit{5000}; ///< a lost shard that nobody takes is served so long
  std::chrono::milliseconds overlap{500};          ///< a lost source is read so long
};

struct member_state {
  static inline constexpr const char* name = "member";
  using clock = std::chrono::steady_clock;
  explicit member_state(member_actor::stateful_pointer<member_state> self) : self(self) {}

  /// Another node.
  struct peer {
    std::string address;
    peer_actor at;                             ///< null: not connected
    dispatcher_actor door;                     ///< null: hasn't introduced itself
    std::map<cell_id, aggregator_actor> cells; ///< that it serves
    bool connecting = false, takes_shards = false;
    std::string trouble; ///< why it isn't one of us
  };

  /// A shard that was claimed. It is served once all of its cells have loaded.
  struct claimed_shard {
    std::int64_t claim = 0; ///< which one of `claims`
    cell_homes cells;
    std::size_t unloaded = 0;
    std::optional<clock::time_point> lost; ///< since when it is another node's
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
  cell_claims theirs;                            ///< of the peers
  std::map<source_id, clock::time_point> ending; ///< sources that are read until then, though another node's
  std::optional<std::set<source_id>> told;       ///< which sources the router reads
  caf::typed_response_promise<bool> left;        ///< answered once the others have our part
  std::optional<clock::time_point> leaving;      ///< since when nothing is ours any more
  clock::time_point out;                         ///< of the groups
  bool released = false;
  std::int64_t claims = 0;
  double load_seconds = 0; ///< from the newest claim until its cells had their rows
  std::string trouble;
};

/// Spawned detached: it calls Kafka and Redis without letting go of the thread.
member_actor::behavior_type member(member_actor::stateful_pointer<member_state> self, member_settings how);

} // namespace millrace
