#pragma once

/// The fill coordinator. On the leader it runs fills, reads tables again after lost changes, and
/// watches connector and slot. On a follower it reads the fill's state from the ledger.

#include "actors/fill/fill.hpp"
#include "actors/interfaces.hpp"

#include <chrono>
#include <functional>
#include <map>

namespace millrace {

struct fill_settings {
  fill_backend servers;   ///< without sweep and publish, which the cells do
  std::size_t cells = 0;  ///< number of cells
  std::size_t tables = 0; ///< number of captured tables
  fill_note note;
  bool live = false; ///< the ledger's phase
  /// Checks the servers around the node; connector and slot only on the leader.
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
  void ask_cells_to_publish(const std::vector<std::string>& held);
  template <class... Ts>
  void ask_all(void (fill::*answer)(), const Ts&... message);
  fill_report status() const;
  /// Returns whether any figures are live. While the others fill, these must stay exact.
  bool some_live() const { return live || !note.figures.empty(); }

  fill_actor::stateful_pointer<fill_state> self;
  fill_settings how;
  std::optional<fill> under_way;
  cell_homes cells; ///< locations of all cells
  bool leads = false;
  bool live = false;
  fill_note note;
  std::string trouble;                           ///< why the fill can't continue
  std::map<std::string, std::string> unreadable; ///< tables that the fill can't read
  surroundings_report surroundings;
  bool slot_missed = false; ///< figures were live while the slot didn't exist
  caf::actor_clock::time_point looked{};
  std::uint64_t round = 0; ///< answers to an earlier round are ignored
  std::size_t awaited = 0;
};

/// Returns the coordinator's behavior. Spawn it detached: calls to servers block its thread.
fill_actor::behavior_type fill_coordinator(fill_actor::stateful_pointer<fill_state> self, fill_settings how);

} // namespace millrace
