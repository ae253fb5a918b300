#pragma once

/// The router: reads this node's sources, and delivers every change to its cells once and in order.

#include "actors/cdc_router/delivery_window.hpp"
#include "actors/cdc_router/lag_meter.hpp"
#include "actors/figures/plan/plan.hpp"
#include "actors/interfaces.hpp"
#include "actors/sources/change_source.hpp"
#include "actors/sources/letter_box.hpp"

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <set>

namespace millrace {

struct cdc_router_settings {
  std::shared_ptr<change_source> source;
  std::shared_ptr<letter_box> letters;
  const plan_set* plans = nullptr;
  std::size_t credit_bytes = 4 << 20;   ///< send buffer's limit per cell
  std::function<std::int64_t()> now_ms; ///< wall clock, Unix time, ms
  std::function<void(std::string)> lost;
};

struct cdc_router_state {
  static inline constexpr const char* name = "cdc_router";
  explicit cdc_router_state(cdc_router_actor::stateful_pointer<cdc_router_state> self) : self(self) {}

  cdc_router_actor::behavior_type make_behavior(cdc_router_settings settings);
  void open_window();
  void take_homes(const std::vector<cells_behind>& x);
  void tell_progress();
  void put(const change_batch& x);
  void send_out();
  void take_sources(const std::vector<source_id>& mine, const std::vector<cell_positions>& have);
  void open_chains(source_id source, const std::vector<cell_positions>& have);
  void poll();
  void give_up(const std::string& why);
  bool take(taken&& x);
  bool bury(const taken& x);
  void mind_credit();
  void settle();
  router_report status() const;

  cdc_router_actor::stateful_pointer<cdc_router_state> self;
  cdc_router_settings how;
  std::map<cell_id, dispatcher_actor> doors; ///< dispatcher by cell
  std::set<source_id> sources;               ///< that this router reads
  std::unique_ptr<delivery_window> window;
  std::map<dispatcher_actor, std::vector<change_batch>>
      outbox; ///< batches by dispatcher, sent at the end of each step
  std::size_t outbox_bytes = 0;
  std::set<source_id> paused;
  bool given_up = false; ///< reads no further, because the node ends
  lag_meter lag;
  std::int64_t records = 0;
  std::map<std::string, std::int64_t> dead; ///< dead letters sent by this node, by table
  position_map settled;                     ///< what the source was told last
};

/// Returns the router's behavior. Spawn it detached: reading blocks its thread.
cdc_router_actor::behavior_type cdc_router(cdc_router_actor::stateful_pointer<cdc_router_state> self,
                                           cdc_router_settings how);

} // namespace millrace
