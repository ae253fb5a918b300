#pragma once

/// The writer: collects the changes of dirty cells, writes them to Redis in one atomic flush, and
/// tells the cells.
///
///     dirty -> (interval) -> collect from each -> flush -> flushed to each
///                                                  |  STALE: that cell reloads, the others flush again
///                                                  |  no answer: repeats the same flush
///                                                  '  FENCED: gives up that cell, the others flush again
///
/// Every 2 s, between two flushes, it compares the ledger and handles STALE and FENCED in the same way.
/// Then it checks the rest of Millrace's data. A cell whose state log lost blocks rewrites it.
/// Figures whose partials or places differ are filled again.

#include "actors/interfaces.hpp"
#include "actors/redis/store.hpp"
#include "actors/redis_writer/flush_pace.hpp"
#include "actors/redis_writer/place_walks.hpp"

#include <chrono>
#include <functional>
#include <map>
#include <optional>
#include <set>

namespace millrace {

struct redis_writer_settings {
  std::function<result<redis::store>()> open; ///< connects to Redis
  std::function<tick_seconds()> now;
  std::function<void(std::chrono::microseconds)> time_is; ///< called with Redis's clock; can be empty
  std::function<void(std::string)> lost;
  /// Called when another node owns the cell. Empty: calls `lost`.
  std::function<void(cell_id)> fenced;
  const plan_set* plans = nullptr;
  std::chrono::milliseconds longest_interval{250}; ///< from the first change to the flush
  std::chrono::milliseconds idle_interval{250};    ///< for positions that moved without changes
  std::chrono::milliseconds look_interval{2000};
  std::size_t walked_places = 1000; ///< places compared per check; 0: none
};

struct redis_writer_state {
  static inline constexpr const char* name = "redis_writer";
  explicit redis_writer_state(redis_writer_actor::stateful_pointer<redis_writer_state> self) : self(self) {}

  redis_writer_actor::behavior_type make_behavior(redis_writer_settings settings);
  void on_dirty(cell_id cell, bool urgent);
  void schedule();
  void collect_dirty();
  void collect_from(cell_id cell);
  void collected();
  void flush();
  void settle(const redis::flush_outcome& outcome);
  void leave_out(cell_id cell);
  void rest();
  void look();
  result<void> compare();
  result<void> listen();
  result<void> inspect();
  void write_again(const std::vector<cell_id>& broken);
  void take_server(const redis::server_facts& x);
  void compare_places(const cell_flush& x);
  bool is_ours(const cell_flush& x) const;
  bool was_let_go(cell_id cell) const;
  void give_up(cell_id cell);
  void forget(cell_id cell);
  caf::result<bool> release(const std::vector<cell_id>& which);
  result<void> reload(cell_id cell);
  result<void> connect();
  void complain(const error& why);
  void recovered();
  void try_again(const error& why);
  writer_report status() const;

  redis_writer_actor::stateful_pointer<redis_writer_state> self;
  redis_writer_settings how;
  std::optional<redis::store> store;
  std::map<cell_id, aggregator_actor> cells; ///< every cell that was ever dirty
  std::map<cell_id, bool> dirty;             ///< waiting for a flush; true: urgent
  std::vector<cell_flush> flight;            ///< collected, not yet in Redis
  std::map<cell_id, ledger_mark> left;       ///< each cell's ledger after its last flush
  std::size_t awaited = 0;                   ///< cells not collected yet
  flush_pace pace_of_flushes{how.longest_interval};
  std::chrono::steady_clock::time_point began; ///< start of the running flush
  bool busy = false;
  std::vector<caf::typed_response_promise<bool>> releases; ///< answered once no flush is running
  bool look_due = false;                                   ///< a flush was running when the check was due
  enum class pace { none, later, soon } scheduled = pace::none; ///< the next tick
  std::chrono::milliseconds backoff{0};
  std::map<std::string, std::string> failed; ///< Redis's error, by figure
  std::string trouble;                       ///< why Redis accepts no writes
  std::int64_t trouble_since = 0;            ///< Unix time, s
  std::vector<redis::finding> findings;      ///< about the server, from the last check
  std::set<cell_id> rewritten;               ///< cells whose state logs are broken and being rewritten
  place_walks walks;
  std::int64_t flushes = 0, commands = 0, last_flush = 0;
};

/// Returns the writer's behavior. Spawn it detached: calls to Redis block its thread.
redis_writer_actor::behavior_type redis_writer(redis_writer_actor::stateful_pointer<redis_writer_state> self,
                                               redis_writer_settings how);

} // namespace millrace
