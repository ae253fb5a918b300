#pragma once

/// The ledger and the results in Redis, through the project's library of Redis functions. Every
/// step is atomic.

#include "actors/figures/plan/plan.hpp"
#include "actors/redis/alert_stream.hpp"
#include "actors/redis/batch_ledger.hpp"
#include "actors/redis/client.hpp"
#include "actors/redis/server_look.hpp"
#include "actors/redis/table_doubt.hpp"
#include "messages/flush.hpp"

#include <chrono>
#include <map>

namespace millrace::redis {

/// The result of a flush.
struct flush_outcome {
  flush_verdict verdict = flush_verdict::done;
  std::optional<cell_id> refused;          ///< the FENCED or STALE cell; nothing was written
  std::map<figure_id, std::string> failed; ///< the error, by figure with a write that Redis rejected
  std::size_t commands = 0;                ///< commands that wrote places
  std::vector<cell_id> broken;             ///< cells whose state log lost blocks
};

/// What is missing or changed in Redis.
struct inspection {
  std::vector<cell_id> broken;     ///< cells whose ledger or state log lost data
  std::vector<std::string> refill; ///< figures whose partials or places lost data
};

/// A place that differs from what its cell wrote.
struct touched_place {
  figure_id figure;
  std::string key;
  std::string refused; ///< Redis's error if the key has another type
};

/// The ledger's description of itself.
struct project_format {
  std::string format;            ///< the ledger's format number; empty: there is no ledger
  std::uint64_t fingerprint = 0; ///< of the plans
  std::uint16_t shards = 0;
  std::string plans;       ///< to_json() of the plans
  std::string database;    ///< PostgreSQL's system_identifier
  std::string phase;       ///< "filling" or "live"
  std::string note;        ///< the fill's progress, JSON
  std::uint64_t epoch = 0; ///< number of changes of figures since the ledger was created
  std::string former = {}; ///< JSON of former plans whose rows can still be in state logs; empty: none
  std::string next = {};   ///< to_json() of the pending plans; empty: none
  std::string life = {}; ///< incarnation: a token, new when the ledger is created and when its figures change
};

/// The result of a proposal.
enum class proposal : std::uint8_t {
  taken,     ///< the ledger has the pending plans, from now on or already
  none,      ///< there is no ledger
  other,     ///< the ledger has other figures than expected
  under_way, ///< another change is pending
};

/// One cell's part of a change of figures: the partitions that it no longer reads, and the
/// positions from which it begins to read others.
struct adopted_cell {
  cell_id cell;
  owner_token owner; ///< must be the ledger's fencing token
  std::vector<source_id> loses;
  std::vector<position> gains;
};

/// All keys and the library carry the project's name. For one thread. Errors: unavailable (retry;
/// also if Redis is out of memory), denied, corrupt.
class store {
 public:
  /// Loads or replaces the function library.
  static result<store> open(client connection, std::string project, const plan_set& plans);

  /// Claims a shard's cells with new fencing tokens, and returns what Redis has of them. `from`:
  /// reload of one cell, whose present token this must be. `life`: the ledger's incarnation must be
  /// this one; empty: any. Error: fenced if either differs.
  result<std::vector<cell_ledger>> claim(const std::vector<cell_id>& cells,
                                         const std::vector<owner_token>& tokens,
                                         const std::vector<owner_token>& from = {},
                                         const std::string& life = {});

  /// Writes all cells' flushes in one atomic step. If a cell is FENCED or STALE, names it and
  /// writes nothing. `tick` closes buckets. If a flush without an answer did take effect, its
  /// repetition is STALE.
  result<flush_outcome> flush(const std::vector<cell_flush>& cells, tick_seconds tick);

  /// Compares tokens and numbers as a flush would, and writes nothing. So a node without changes
  /// also finds out that Redis lost its last writes, or that another node claimed a cell.
  result<flush_outcome> look(const std::map<cell_id, ledger_mark>& left);

  /// Compares these cells' state logs, and the partials of all rolled-up figures, with what was
  /// written. Marks figures that lost data as failed.
  result<inspection> inspect(const std::vector<cell_id>& cells);

  /// Compares about `groups` places of a rolled-up figure with their partials, from `cursor` on.
  /// Marks the figure as failed and to be filled again if one differs. Returns the next cursor; "0"
  /// at the end, and for figures that aren't rolled up.
  result<std::string> walk(figure_id figure, const std::string& cursor, std::size_t groups);

  /// Compares these places with Redis. Returns those that differ.
  result<std::vector<touched_place>> compare(const plan_set& plans, const std::vector<place_check>& checks);

  /// Marks the place's figure as failed, and to be filled again if a fill repairs it.
  result<void> note_touched(const plan_set& plans, const touched_place& x);

  /// Returns Redis's clock, Unix time; nullopt: this user may not run TIME.
  result<std::optional<std::chrono::microseconds>> time();

  /// Returns the facts about the server. If Redis has evicted keys since the last call, marks all
  /// figures that can be affected as failed and to be filled again. If Redis has restarted, tells
  /// it to rewrite its append-only file.
  result<server_facts> server();

  /// Returns the span of ticks of each of these cells, empty for a cell without figures that have now().
  result<std::vector<tick_span>> spans(const std::vector<cell_id>& cells);

  /// Returns the subjects of these cells' alerts, without a claim.
  result<alert_subjects> subjects(const std::vector<cell_id>& cells);

  /// Returns every cell's positions, without a claim.
  result<std::vector<cell_positions>> positions(const std::vector<cell_id>& cells);

  result<project_format> format();
  result<void> set_format(const project_format& x); ///< an empty one deletes the ledger's
  /// Creates a ledger in place of the one with incarnation `before`; empty: there was none. Error:
  /// fenced if another node was first.
  result<void> begin(const project_format& x, const std::string& before);

  /// Writes phase and fill progress if the ledger has this incarnation. Error: fenced if it
  /// doesn't; the other ledger has a fill of its own.
  result<void> set_note(const std::string& phase, const std::string& note, const std::string& life);
  /// Returns phase and fill progress; both are empty if there is no ledger.
  result<std::pair<std::string, std::string>> note();
  /// Returns the ledger's incarnation. Gives one to a ledger of an older build that has none.
  result<std::string> life();
  /// Replaces the former plans, to drop those that no state log needs.
  result<void> set_former(const std::string& former);

  /// Saves pending plans if the ledger is still `found`. Figures that are filling continue under
  /// the pending plans, or are dropped.
  result<proposal> propose(const project_format& found, const std::string& next);
  /// Saves pending plans that differ only in that these figures are filled again. Error:
  /// bad_setting if the ledger doesn't have one of them.
  result<proposal> refill(const std::vector<std::string>& figures);
  /// The same, without a user's request. Ignores names that the ledger doesn't have. Returns
  /// `under_way` and does nothing within 30 s of the last time.
  result<proposal> mend(std::vector<std::string> figures);
  /// Returns why a node of this incarnation must start over: plans are pending, or the ledger has
  /// another incarnation.
  result<std::optional<std::string>> replaced(const std::string& life);
  /// Replaces the ledger's format and the cells' positions in one step. Clears the failures of
  /// `figures`. Error: fenced if another node claimed a cell.
  result<void> adopt(const std::vector<adopted_cell>& cells, const std::vector<std::string>& figures,
                     const project_format& now);
  /// Returns of how many groups a rolled-up figure has partials.
  result<std::int64_t> groups_of(const std::string& rolled_up);

  /// Returns the figures whose writes Redis rejected, with the error, by name. Kept until the
  /// figures are filled again.
  result<std::map<std::string, std::string>> failed_figures();

  /// Returns the doubts, by SCHEMA.TABLE.
  result<std::map<std::string, table_doubt>> doubts();
  /// Adds a doubt to a ledger of this incarnation. An existing doubt keeps its `since` and its
  /// texts, and gets the higher `at`. Error: fenced if the incarnation differs.
  result<void> doubt(const std::string& table, const table_doubt& x, const std::string& life);
  /// Deletes the table's doubt if it was last noticed before `read_from`, the LSN at which the
  /// table was read again. Error: fenced if the incarnation differs.
  result<void> clear_doubt(const std::string& table, lsn read_from, const std::string& life);
  /// Returns the facts about each table on which the rows in the cells rely, JSON by SCHEMA.TABLE.
  /// Can contain tables that no figure reads any more.
  result<std::map<std::string, std::string>> relied_on();
  /// Adds or replaces these tables' facts. Error: fenced if the incarnation differs.
  result<void> rely_on(const std::map<std::string, std::string>& facts, const std::string& life);

  /// Returns what the ledger has of batch figures.
  result<batch_ledger> batches();
  /// Becomes the only scheduler of a ledger of this incarnation: writes the token, which fences the
  /// last one. Error: fenced if the incarnation differs.
  result<void> claim_batches(const std::string& token, const std::string& life);
  /// Takes one step of a scheduler, all or nothing. Returns a figure whose result Redis rejects; then
  /// nothing is written. Error: fenced if the token or the run's number differ.
  result<std::optional<batch_refusal>> step_batches(const batch_step& x);
  /// Stages some rows of a figure's result. Returns the place that has a row already; nullopt: none
  /// had. Error: fenced if the token or the run's number differ.
  result<std::optional<batch_place>> stage_batch(const staged_rows& x);
  /// Asks the scheduler to run these figures now.
  result<void> request_batches(const std::vector<std::string>& names);
  /// Deletes the places and the records of batch figures, and fences the scheduler.
  result<void> retire_batches(const std::vector<const batch_plan*>& which, const std::string& life);

  /// Returns the events that a receiver of alerts hasn't confirmed, `limit` at most.
  result<outgoing_alerts> outgoing(const std::string& receiver, std::size_t limit);
  /// Moves a receiver's position. Error: fenced if it isn't `before` any more, or the incarnation
  /// differs; another node sends.
  result<void> confirm_alerts(const std::string& receiver, const std::string& before, const std::string& now,
                              const std::string& life);
  /// Returns some subjects of an alert that fire or recover. The first cursor is "0".
  result<active_alerts> active(const std::string& alert, const std::string& cursor);
  /// Returns the silences of alerts, JSON by ID. They can have ended.
  result<std::map<std::string, std::string>> silences();
  /// Writes a silence; an empty text deletes it.
  result<void> set_silence(const std::string& id, const std::string& text);

  /// Deletes a rolled-up figure's places and partials. `by`: only if this token still owns the
  /// cell. Error: fenced if it doesn't.
  result<void> retire(const figure_plan& rolled_up, const cell_ledger* by = nullptr);
  /// Deletes every key that the figure's template can produce. For a figure whose rows are lost, so
  /// that its places aren't known. Error: fenced if the ledger has another incarnation.
  result<void> remove_places(const figure_plan& of, const std::string& life);
  /// Deletes what users read of an alert's subjects, but not the stream and the counter of events.
  result<void> remove_subjects(const figure_plan& alert, const std::string& life);
  /// Deletes the stream and the counters of the alerts' events.
  result<void> remove_events(const plan_set& plans);
  /// Deletes the counters of change records.
  result<void> remove_counters(const plan_set& plans);
  /// Deletes every remaining key with the project's prefix, and its functions.
  result<void> remove_all();
  /// Deletes the state logs, the cells' ledgers and all other keys of a ledger of this incarnation
  /// (empty: it has none), except the format, silences, and the positions of alerts' receivers. Error: fenced
  /// if the incarnation differs.
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
