#pragma once

/// The aggregator: a cell behind a mailbox. All that it knows is in the cell.

#include "actors/cell/cell.hpp"
#include "actors/interfaces.hpp"

#include <functional>

namespace millrace {

struct aggregator_settings {
  cell_settings cell;
  redis_writer_actor writer;
  std::function<tick_seconds()> now; ///< wall clock, UTC
  /// Called when the cell's state can't be used: the node has to start over.
  std::function<void(std::string)> lost;
};

struct aggregator_state {
  static inline constexpr const char* name = "aggregator";
  explicit aggregator_state(aggregator_actor::stateful_pointer<aggregator_state> self) : self(self) {}

  aggregator_actor::behavior_type make_behavior(aggregator_settings how, cell_id id);
  void apply(const change_batch& batch);
  caf::result<cell_id> begin_read(lsn from, const std::vector<std::string>& tables);
  caf::result<cell_id> sweep(lsn from, const std::vector<std::string>& tables);
  void catch_up();
  void sweep_again();
  void announce();
  caf::result<cell_id> answer_when_durable();
  void flushed();
  void acknowledge(std::vector<position> durable);

  /// A read of tables that it was told of.
  struct table_read {
    lsn from;                                ///< of the newest
    std::optional<std::vector<position>> at; ///< how far the cell was when it swept
    bool due = false;                        ///< the ledger went back; sweep once as far again
  };

  aggregator_actor::stateful_pointer<aggregator_state> self;
  aggregator_settings how;
  std::optional<millrace::cell> cell;
  std::map<source_id, cdc_router_actor> routers;               ///< who sent the last batch of each source
  bool announced = false;                                      ///< the writer knows of something urgent
  bool announced_idle = false;                                 ///< the writer knows of positions that moved
  bool published = false;                                      ///< the cell was asked to end its fill
  std::map<std::vector<std::string>, table_read> reads;        ///< by tables; none: all
  bool collecting = false;                                     ///< a flush is under way
  std::vector<caf::typed_response_promise<cell_id>> waiting;   ///< for the next flush
  std::vector<caf::typed_response_promise<cell_id>> under_way; ///< for the one under way
};

/// Spawned once a cell; `load` comes before the first batch.
aggregator_actor::behavior_type aggregator(aggregator_actor::stateful_pointer<aggregator_state> self,
                                           aggregator_settings how, cell_id id);

} // namespace millrace
