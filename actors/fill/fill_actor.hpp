#pragma once

/// The fill coordinator of a node: brings fills to their end, reads tables again whose
/// changes may have been missed, and looks after connector and slot. The node that has the first
/// shard does so for all; the others look on.

#include "actors/fill/fill.hpp"
#include "actors/interfaces.hpp"

#include <chrono>
#include <functional>
#include <map>

namespace millrace {

struct fill_settings {
  fill_backend servers;   ///< without sweep and publish: those are the cells'
  std::size_t cells = 0;  ///< how many there are in all
  std::size_t tables = 0; ///< that are captured
  fill_note note;
  bool live = false; ///< the ledger's phase
  /// Looks at what is around the node; after connector and slot, if it leads.
  std::function<surroundings_report(bool leads)> look;
  std::chrono::milliseconds interval{200};
  std::chrono::seconds look_interval{2};
};

struct fill_state {
  static inline constexpr const char* name = "fill";
  explicit fill_state(fill_actor::stateful_pointer<fill_state> self) : self(self) {}

  fill_actor::behavior_type make_behavior(fill_settings settings);
  void take_homes(const cell_homes& x, bool first);
  void tick();
  void lead();
  void look_on();
  void start_fill(bool live);
  void look_around();
  void look_for_snapshot();
  void look_for_what_was_lost();
  void look_for_doubts();
  void look_for_slot();
  void tell_cells_of_read(lsn from, const std::vector<std::string>& tables);
  void ask_cells_to_sweep(lsn from, const std::vector<std::string>& tables);
  void ask_cells_to_publish();
  template <class... Ts>
  void ask_all(void (fill::*answer)(), const Ts&... message);
  fill_report status() const;

  fill_actor::stateful_pointer<fill_state> self;
  fill_settings how;
  std::optional<fill> under_way;
  cell_homes cells; ///< where they are served
  bool leads = false;
  bool live = false;
  fill_note note;
  std::string trouble; ///< why the fill doesn't go on
  surroundings_report surroundings;
  bool slot_missed = false; ///< figures were live while there was no slot
  caf::actor_clock::time_point looked{};
  std::uint64_t round = 0; ///< answers of an earlier round don't count
  std::size_t awaited = 0;
};

/// Spawned detached: it calls servers without letting go of the thread.
fill_actor::behavior_type fill_coordinator(fill_actor::stateful_pointer<fill_state> self, fill_settings how);

} // namespace millrace
