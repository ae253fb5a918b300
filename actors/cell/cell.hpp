#pragma once

/// One entity's part of a shard: what every aggregator does with its batches.
/// Rows, figures and positions move together, and leave together in numbered
/// flushes. Plain C++; knows no actor and no Redis.

#include "actors/cell/former_plans.hpp"
#include "actors/cell/place_walk.hpp"
#include "actors/cell/row_table.hpp"
#include "actors/cell/sequencer.hpp"
#include "actors/cell/state_block.hpp"
#include "actors/cell/state_copy.hpp"
#include "actors/figures/fold/fold.hpp"
#include "messages/error.hpp"
#include "messages/flush.hpp"

#include <memory>
#include <optional>
#include <set>

namespace millrace {

/// What a cell is made for; shared by all cells of a node.
struct cell_settings {
  const plan_set* plans = nullptr;                      ///< outlives the cell
  std::uint64_t fingerprint = 0;                        ///< of the blocks that it writes
  std::string staging;                                  ///< goes before the key of a place that still fills
  std::shared_ptr<const former_plans> former = nullptr; ///< whose blocks it may find in its log
};

class cell {
 public:
  cell(const cell_settings& how, cell_id id);

  /// Takes over what the ledger has. An error (corrupt) leaves the cell unusable.
  result<void> load(const cell_ledger& from);

  /// Applies a batch, or returns the position at which the chain broke.
  std::optional<position> offer(const change_batch& batch, tick_seconds now);

  /// Returns how far a source is durable, if the sender of this progress mark still doesn't know.
  std::optional<position> owed(const change_batch& mark) { return positions_.owed(mark); }

  /// A read of these tables begins (by SCHEMA.TABLE; none: all): from now on changes
  /// before `from` are left to it, and keys that are removed are remembered.
  void begin_read(lsn from, const std::vector<std::string>& tables = {});

  /// Ends it: removes the rows that nothing has shown since `from`. Returns false, and
  /// does nothing, where this cell doesn't know of the read: it can't tell then which
  /// rows are PostgreSQL's.
  bool sweep(lsn from, tick_seconds now, const std::vector<std::string>& tables = {});

  /// Ends a fill: folds all rows into the figures that fill, and shows every place.
  void publish(tick_seconds now);
  /// Tells whether all figures of the cell are live.
  bool live() const { return live_.all; }

  /// Returns writes that take every place of this cell away: keyed ones, shown
  /// rows, and what is staged. `which`: only of these figures, by their numbers.
  /// The cell is of no use afterwards.
  std::vector<store_write> retire(tick_seconds now, const std::vector<bool>& which = {});

  /// Returns whether a flush has something to say; `urgent` leaves out
  /// positions that moved by progress marks alone.
  bool dirty() const { return urgent() || positions_.moved(); }
  bool urgent() const { return changed_rows_ || copy_ || output_waits_; }

  /// Has the flushes that follow write all rows to a new log: the one that is there lost some.
  void copy_state();

  /// Returns the next flush. At most one is under way at a time. `checks`: of how many places it says
  /// what Redis has after it.
  cell_flush collect(tick_seconds now, std::size_t checks = 0);

  /// The flush was taken: returns the positions that are durable now.
  std::vector<position> flushed();

  std::vector<position> positions() const { return positions_.all(); }
  /// Returns whether the cell is as far as this for every source.
  bool reached(const std::vector<position>& x) const;
  const owner_token& owner() const { return owner_; }
  cell_id id() const { return id_; }
  const plan_set& plans() const { return *how_.plans; }
  const row_table& rows() const { return rows_; }
  const figure_fold& figures() const { return figures_; }

 private:
  void apply(const change_view& x, tick_seconds now);
  void upsert(const change_view& x, tick_seconds now);
  void take_read(const change_view& x, tick_seconds now);
  void remove(const row_name& name, tick_seconds now);
  void truncate(const change_view& x, tick_seconds now);
  std::vector<route_id> held_routes(const std::vector<std::string>& tables) const;
  void copy_into(cell_flush& out);
  void check_into(cell_flush& out, tick_seconds now, std::size_t checks);
  void set_live(const applied_block& last);
  bool any_live() const { return live_.all || !live_.some.empty(); }
  bool holds(route_id route) const { return holds_[route.value]; }

  cell_settings how_;
  cell_id id_;
  std::vector<bool> holds_; ///< by route: some figure folds or shows its rows here
  row_table rows_;
  row fresh_, before_, key_; ///< unpacked here, again and again
  sequencer positions_;
  figure_fold figures_;
  live_figures live_;
  owner_token owner_;
  std::uint64_t number_ = 0; ///< of the last flush taken
  std::uint64_t generation_ = 0;
  std::size_t log_bytes_ = 0, copied_bytes_ = 0;
  std::map<std::pair<table_id, char>, std::int64_t> counts_;
  std::map<table_id, lsn> unknown_reads_;
  std::optional<state_copy> copy_;
  std::optional<place_walk> walk_;
  std::vector<position> under_way_;
  bool changed_rows_ = false, output_waits_ = false, switching_ = false;
};

} // namespace millrace
