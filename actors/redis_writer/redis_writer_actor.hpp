#pragma once

/// The only one that talks to Redis while records flow. Collects what dirty
/// cells have, writes it in one atomic step, and tells them.
///
///     dirty -> (interval) -> collect from each -> flush -> flushed to each
///                                                  |  stale: that cell loads again, the others go again
///                                                  |  no answer: the same flush again, for ever
///                                                  '  fenced: that cell is given up, the others go again
///
/// With nothing to flush it compares the ledger every two seconds, and does the same. Then it
/// looks at what else Redis must have: a cell whose log lost blocks writes it again, figures whose
/// parts or places aren't what they were are filled again.

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
  std::function<result<redis::store>()> open; ///< connects anew
  std::function<tick_seconds()> now;
  std::function<void(std::chrono::microseconds)> time_is; ///< hears Redis's clock; may be empty
  std::function<void(std::string)> lost;
  /// A cell has another owner. Empty: the node is lost then.
  std::function<void(cell_id)> fenced;
  const plan_set* plans = nullptr;
  std::chrono::milliseconds longest_interval{250}; ///< from the first change to the flush
  std::chrono::milliseconds idle_interval{250};    ///< for positions that moved without changes
  std::chrono::milliseconds look_interval{2000};
  std::size_t walked_places = 1000; ///< that each look compares with what they must be; 0: none
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
  std::map<cell_id, aggregator_actor> cells; ///< everyone who was ever dirty
  std::map<cell_id, bool> dirty;             ///< waiting for a flush; urgent?
  std::vector<cell_flush> flight;            ///< collected, not yet in Redis
  std::map<cell_id, ledger_mark> left;       ///< each cell's ledger as we know it
  std::size_t awaited = 0;                   ///< cells still to be collected
  flush_pace pace_of_flushes{how.longest_interval};
  std::chrono::steady_clock::time_point began; ///< the flush under way
  bool busy = false;
  std::vector<caf::typed_response_promise<bool>> releases;      ///< wait until nothing is under way
  bool look_due = false;                                        ///< was busy when it was time to look
  enum class pace { none, later, soon } scheduled = pace::none; ///< the next tick
  std::chrono::milliseconds backoff{0};
  std::map<std::string, std::string> failed; ///< figures, and Redis's words
  std::string trouble;                       ///< why Redis can't be written to
  std::int64_t trouble_since = 0;            ///< Unix time
  std::vector<redis::finding> findings;      ///< about the server, as it was looked at last
  std::set<cell_id> rewritten;               ///< cells whose logs were found broken, until they aren't
  place_walks walks;
  std::int64_t flushes = 0, commands = 0, last_flush = 0;
};

/// Spawned detached: Redis is called without letting go of the thread.
redis_writer_actor::behavior_type redis_writer(redis_writer_actor::stateful_pointer<redis_writer_state> self,
                                               redis_writer_settings how);

} // namespace millrace
