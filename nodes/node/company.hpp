#pragma once

/// The actors of one node process, connected: who is spawned, with what, and who knows whom.

#include "actors/interfaces.hpp"
#include "actors/peers/tls_context.hpp"
#include "actors/redis/server_clock.hpp"
#include "actors/sources/change_source.hpp"
#include "nodes/node/node_work.hpp"
#include "nodes/node/start.hpp"

#include <caf/all.hpp>
#include <caf/io/all.hpp>

#include <functional>
#include <memory>
#include <string>

namespace millrace {

using tls_ptr = std::shared_ptr<const peers::tls_context>;

class company {
 public:
  /// `lost` is told why the process can't continue. `how` and `from` must outlive the actors.
  company(caf::actor_system& system, const settings& how, tls_ptr tls, started& from,
          std::function<void(std::string)> lost)
      : system_(system), how_(how), tls_(std::move(tls)), from_(from), lost_(std::move(lost)) {}

  /// Spawns all actors. An error says what can't be reached or opened.
  result<void> assemble();

  inspector_actor front() const { return inspector_; }

  /// Gives this node's work to the other nodes, stops reading records, and waits for the last flush.
  void drain();

 private:
  result<void> set_clock();
  void spawn_writer();
  void spawn_router(std::shared_ptr<change_source> reads);
  void spawn_fill();

  /// Spawns the scheduler and its worker, if there are batch figures.
  void spawn_batches();

  /// Spawns the sender of alerts and a courier for each receiver, if there is one.
  void spawn_alert_sender();

  /// Spawns the actor that starts and stops cells as the member's assignment changes.
  result<void> spawn_member();

  /// Opens the listener for other nodes.
  result<void> listen();
  void spawn_place_reader();
  void spawn_inspector();

  /// Ends the process if an actor fails, because no other actor would do its work.
  void watch_all();

  caf::actor_system& system_;
  const settings& how_;
  tls_ptr tls_;
  started& from_;
  std::function<void(std::string)> lost_;
  std::shared_ptr<redis::server_clock> clock_ = std::make_shared<redis::server_clock>();
  node_work work_;
  caf::io::middleman_actor network_;
  redis_writer_actor writer_;
  std::shared_ptr<member_actor> member_ = std::make_shared<member_actor>(); ///< the writer uses it too
  cdc_router_actor router_;
  fill_actor fill_;
  batch_worker_actor batch_worker_;
  batch_scheduler_actor batches_; ///< null: there are no batch figures
  alert_sender_actor alerts_;     ///< null: alerts have no receiver
  dispatcher_actor dispatcher_;
  place_reader_actor reader_;
  inspector_actor inspector_;
};

} // namespace millrace
