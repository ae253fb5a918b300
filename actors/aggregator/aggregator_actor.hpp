#pragma once

/// The aggregator: the actor around one cell. The cell has all of the logic.

#include "actors/cell/cell.hpp"
#include "actors/interfaces.hpp"

#include <functional>

namespace millrace {

struct aggregator_settings {
  cell_settings cell;
  redis_writer_actor writer;
  std::function<tick_seconds()> now; ///< Redis's clock, Unix time, s
  /// Called if the cell's state can't be used: the node must start over.
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

  /// A read of tables that the cell knows.
  struct table_read {
    lsn from;                                ///< of the newest read
    std::optional<std::vector<position>> at; ///< the cell's positions when it swept
    bool due = false;                        ///< the ledger lost writes: sweep again once the cell is at `at`
  };

  aggregator_actor::stateful_pointer<aggregator_state> self;
  aggregator_settings how;
  std::optional<millrace::cell> cell;
  std::map<source_id, cdc_router_actor> routers; ///< by partition: the router that sent its last batch
  bool announced = false;                        ///< the writer knows that there is something urgent
  bool announced_idle = false;                   ///< the writer knows that positions moved
  std::optional<std::vector<std::string>>
      published; ///< the cell's fill was told to end, but for these figures
  std::map<std::vector<std::string>, table_read> reads;        ///< by tables; empty: all
  bool collecting = false;                                     ///< a flush is running
  std::vector<caf::typed_response_promise<cell_id>> waiting;   ///< answered after the next flush
  std::vector<caf::typed_response_promise<cell_id>> under_way; ///< answered after the running flush
};

/// Returns the behavior of one cell's aggregator. Send `load` before the first batch.
aggregator_actor::behavior_type aggregator(aggregator_actor::stateful_pointer<aggregator_state> self,
                                           aggregator_settings how, cell_id id);

} // namespace millrace
