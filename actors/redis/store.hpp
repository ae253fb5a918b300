#pragma once

/// The ledger and the results in Redis, as Redis functions of the project's own
/// library: every step here is atomic.

#include "actors/figures/plan/plan.hpp"
#include "actors/redis/client.hpp"
#include "actors/redis/server_look.hpp"
#include "actors/redis/table_doubt.hpp"
#include "messages/flush.hpp"

#include <chrono>
#include <map>

namespace millrace::redis {

/// What a flush came to.
struct flush_outcome {
  flush_verdict verdict = flush_verdict::done;
  std::optional<cell_id> refused;          ///< fenced or stale: this cell; nothing was written
  std::map<figure_id, std::string> failed; ///< figures with a write that Redis refused, and its words
  std::size_t commands = 0;                ///< that wrote places
  std::vector<cell_id> broken;             ///< their logs aren't what was written
};

/// What Redis has lost, or somebody took, of what is the project's alone.
struct inspection {
  std::vector<cell_id> broken;     ///< their ledgers or logs aren't what was written
  std::vector<std::string> refill; ///< figures whose parts or places aren't
};

/// A place that isn't as its cell left it.
struct touched_place {
  figure_id figure;
  std::string key;
  std::string refused; ///< Redis's words where it is of another type
};

/// What the project's ledger says of itself.
struct project_format {
  std::string format;            ///< the ledger's format number; empty: no ledger there
  std::uint64_t fingerprint = 0; ///< of the plans that the state is of
  std::uint16_t shards = 0;
  std::string plans;       ///< to_json() of them
  std::string database;    ///< PostgreSQL's system_identifier
  std::string phase;       ///< "filling" or "live"
  std::string note;        ///< JSON of the fill's own
  std::uint64_t epoch = 0; ///< how often the figures have changed since it was born
  std::string former = {}; ///< JSON of plans whose state may still be in the logs; empty: none
  std::string next = {};   ///< to_json() of the plans that are to come; empty: none
  std::string life = {};   ///< a token, new at each birth and with each other set of figures
};

/// What a proposed change came to.
enum class proposal : std::uint8_t {
  taken,     ///< it is in the ledger, from now or before
  none,      ///< there is no ledger
  other,     ///< the ledger is of other figures than was thought
  under_way, ///< another change is
};

/// One cell's part of a change: what of its positions nobody reads any more, and
/// where it begins to read.
struct adopted_cell {
  cell_id cell;
  owner_token owner; ///< must be the ledger's
  std::vector<source_id> loses;
  std::vector<position> gains;
};

/// All keys and the library carry the project's name. Used by one thread.
/// Errors: unavailable (retry), denied, corrupt; Redis out of memory is unavailable.
class store {
 public:
  /// Loads (or replaces) the function library.
  static result<store> open(client connection, std::string project, const plan_set& plans);

  /// Takes all entities' cells of a shard at once: new tokens, and returns what
  /// the ledger has. `from` nonempty: a reload of one cell, refused (fenced) if the
  /// ledger's owner is another one. `life` nonempty: refused (fenced) if the ledger
  /// isn't of this life any more.
  result<std::vector<cell_ledger>> claim(const std::vector<cell_id>& cells,
                                         const std::vector<owner_token>& tokens,
                                         const std::vector<owner_token>& from = {},
                                         const std::string& life = {});

  /// Writes all cells' flushes in one atomic step, or nothing and names the
  /// first cell that was refused. `tick` closes buckets. Sent again after it got no
  /// answer, a flush that did take effect is refused as stale.
  result<flush_outcome> flush(const std::vector<cell_flush>& cells, tick_seconds tick);

  /// Compares as a flush would, and writes nothing: a Redis that lost its tail, or
  /// was claimed by another node, is found out where there is nothing to flush.
  result<flush_outcome> look(const std::map<cell_id, ledger_mark>& left);

  /// Compares what Redis has of these cells' logs and of all rolled-up figures' parts with what was
  /// written. Figures that lost something are among the failed ones from then on.
  result<inspection> inspect(const std::vector<cell_id>& cells);

  /// Compares places of a rolled-up figure (by its number; others have none to compare) with what
  /// their parts come to, some `groups` of them from `cursor` on. A figure with another place is
  /// among the failed ones from then on, and to be filled again. Returns the next cursor; "0" ends it.
  result<std::string> walk(figure_id figure, const std::string& cursor, std::size_t groups);

  /// Compares these places with what Redis has. Returns those where something else stands.
  result<std::vector<touched_place>> compare(const plan_set& plans, const std::vector<place_check>& checks);

  /// Has the place's figure among the failed ones from now on, and to be filled again where that mends it.
  result<void> note_touched(const plan_set& plans, const touched_place& x);

  /// Returns Redis's clock, Unix time; nullopt: its access list doesn't let us ask.
  result<std::optional<std::chrono::microseconds>> time();

  /// Returns what the server tells of itself. Where it has evicted keys since the last time, all figures
  /// that may have been hit are among the failed ones from then on, and to be filled again. A server that
  /// has started again is asked to rewrite its append-only file.
  result<server_facts> server();

  /// Returns every cell's positions (no claim).
  result<std::vector<cell_positions>> positions(const std::vector<cell_id>& cells);

  result<project_format> format();
  result<void> set_format(const project_format& x); ///< an empty one: there is no ledger any more
  /// Begins a ledger in the place of one of life `before` (empty: there was none).
  /// Error (fenced): another node was first.
  result<void> begin(const project_format& x, const std::string& before);

  /// Writes phase and note into a ledger of this life. Error (fenced): there is none, or another
  /// one, which has a fill of its own.
  result<void> set_note(const std::string& phase, const std::string& note, const std::string& life);
  /// Returns phase and note; both are empty where there is no ledger.
  result<std::pair<std::string, std::string>> note();
  /// Returns the ledger's life; one of an older build, that has none, is given one.
  result<std::string> life();
  /// Forgets former plans that no log needs any more: writes the field as it is given.
  result<void> set_former(const std::string& former);

  /// Notes the plans to come, if the ledger is the one that was read (`found`). Figures that
  /// still fill go on with those to come, or go.
  result<proposal> propose(const project_format& found, const std::string& next);
  /// Notes that these figures are to be filled again, as plans to come that differ in nothing else.
  /// Error (bad_setting): one of them isn't the ledger's.
  result<proposal> refill(const std::vector<std::string>& figures);
  /// The same without being asked by a person: names that aren't the ledger's are left out, and
  /// within half a minute of the last time nothing happens (under_way).
  result<proposal> mend(std::vector<std::string> figures);
  /// Returns why a node of this life has to start over: plans to come are noted, or
  /// the ledger is of another life.
  result<std::optional<std::string>> replaced(const std::string& life);
  /// Makes the new format the ledger's, with the cells' positions, in one step.
  /// `figures`: whose failures are forgotten. Error (fenced): another node took a cell.
  result<void> adopt(const std::vector<adopted_cell>& cells, const std::vector<std::string>& figures,
                     const project_format& now);
  /// Returns of how many groups a rolled-up figure has parts.
  result<std::int64_t> groups_of(const std::string& rolled_up);

  /// Figures whose writes Redis refused, by name; kept until the next rebuild.
  result<std::map<std::string, std::string>> failed_figures();

  /// Returns the tables whose rows may have changed without records, by SCHEMA.TABLE.
  result<std::map<std::string, table_doubt>> doubts();
  /// Notes a doubt, in a ledger of this life. One that is there keeps its `since` and what
  /// it says, and its `at` moves up. Error (fenced): the ledger began anew.
  result<void> doubt(const std::string& table, const table_doubt& x, const std::string& life);
  /// Forgets the table's doubt if it was noticed before `read_from`, where the log was
  /// when the table was read again. Error (fenced): the ledger began anew.
  result<void> clear_doubt(const std::string& table, lsn read_from, const std::string& life);
  /// Returns what the rows in the cells rely on of each table, JSON by SCHEMA.TABLE.
  /// Tables that no figure reads any more may be among them.
  result<std::map<std::string, std::string>> relied_on();
  /// Adds or replaces these tables' facts. Error (fenced): the ledger began anew.
  result<void> rely_on(const std::map<std::string, std::string>& facts, const std::string& life);

  /// Deletes a rolled-up figure's places and its hidden parts. `by`: as the owner of
  /// this cell. Error (fenced): it isn't any more.
  result<void> retire(const figure_plan& rolled_up, const cell_ledger* by = nullptr);
  /// Deletes every key that a figure's template could give, in a ledger of this life: for one whose rows are
  /// lost, which don't tell them. Error (fenced): it is of another life.
  result<void> remove_places(const figure_plan& of, const std::string& life);
  /// Deletes the counters of change records.
  result<void> remove_counters(const plan_set& plans);
  /// Deletes all that is left under the project's own prefix, and its functions.
  result<void> remove_all();
  /// Deletes logs, ledgers and all other keys of ours but the format, of a ledger of
  /// this life (empty: it has none). Error (fenced): it began anew.
  result<void> wipe(const std::vector<cell_id>& cells, const std::string& life);

 private:
  struct impl;
  explicit store(std::unique_ptr<impl> x);
  std::unique_ptr<impl> impl_;

 public:
  ~store();
  store(store&&) noexcept;
  store& operator=(store&&) noexcept;
};

} // namespace millrace::redis
