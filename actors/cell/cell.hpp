#pragma once

/// One cell: an entity's rows, figures and positions in one shard. All three change together, and a
/// numbered flush writes all three. Plain C++, without actors and Redis.

#include "actors/cell/alert_book.hpp"
#include "actors/cell/former_plans.hpp"
#include "actors/cell/place_walk.hpp"
#include "actors/cell/row_table.hpp"
#include "actors/cell/sequencer.hpp"
#include "actors/cell/state_block.hpp"
#include "actors/cell/state_copy.hpp"
#include "actors/cell/turn_schedule.hpp"
#include "actors/figures/fold/fold.hpp"
#include "messages/error.hpp"
#include "messages/flush.hpp"

#include <memory>
#include <optional>
#include <set>

namespace millrace {

/// The settings that all cells of a node share.
struct cell_settings {
  const plan_set* plans = nullptr; ///< must outlive the cell
  std::uint64_t fingerprint = 0;   ///< goes into the blocks that the cell writes
  std::string staging;             ///< prefix of the key of a place that still fills
  std::shared_ptr<const former_plans> former =
      nullptr; ///< former plans whose blocks the state log can contain
};

class cell {
 public:
  cell(const cell_settings& how, cell_id id);

  /// Loads rows and positions from Redis. Error: corrupt; the cell is then unusable.
  result<void> load(const cell_ledger& from);

  /// Applies a batch. Returns the cell's position if the batch leaves a gap.
  std::optional<position> offer(const change_batch& batch, tick_seconds now);

  /// Returns the durable position of a partition if it must be acknowledged again: the sender of
  /// this progress batch doesn't know it.
  std::optional<position> owed(const change_batch& mark) { return positions_.owed(mark); }

  /// Begins a read of these tables (SCHEMA.TABLE; empty: all). From now on the cell ignores changes
  /// before `from`, and remembers the keys that the stream removes.
  void begin_read(lsn from, const std::vector<std::string>& tables = {});

  /// Ends the read: removes the rows that neither read nor stream has shown since `from`. Returns
  /// false and changes nothing if the cell doesn't know of the read, because it can't tell then
  /// which rows PostgreSQL has.
  bool sweep(lsn from, tick_seconds now, const std::vector<std::string>& tables = {});

  /// Ends a fill (go live): folds all rows into the figures that fill, and shows every place. The
  /// named figures keep filling, unless they are live.
  void publish(tick_seconds now, const std::vector<std::string>& held = {});
  /// Returns whether all figures of the cell are live.
  bool live() const { return live_.all; }

  /// Returns writes that delete every place of this cell: places of keyed figures, of shown rows,
  /// and staged ones. `which`: only of these figures, by figure number. Don't use the cell
  /// afterwards.
  std::vector<store_write> retire(tick_seconds now, const std::vector<bool>& which = {});

  /// Return whether there is something to flush. `urgent` ignores positions that only progress
  /// batches moved.
  bool dirty() const { return urgent() || positions_.moved(); }
  bool urgent() const { return changed_rows_ || copy_ || output_waits_ || alerts_.waits(); }
  /// Returns whether the clock has changed a figure or an alert since the last flush.
  bool due(tick_seconds now) const { return next_turn() && *next_turn() <= now; }
  /// Returns whether the clock can change a figure or an alert of this cell.
  bool needs_clock() const { return has_windows() || !alerts_.empty(); }

  /// Starts a compaction: the next flushes write all rows to a new state log. For a state log that
  /// lost blocks.
  void copy_state();

  /// Returns the next flush. At most one is running at a time. `checks`: how many places the flush
  /// names for comparison with Redis.
  cell_flush collect(tick_seconds now, std::size_t checks = 0);

  /// The flush is in Redis: returns the positions that are durable now.
  std::vector<position> flushed();

  std::vector<position> positions() const { return positions_.all(); }
  /// Returns whether the cell has reached all of these positions.
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
  bool has_windows() const;
  std::optional<tick_seconds> next_turn() const;
  bool is_live(figure_id figure) const;
  std::vector<figure_id> filling() const;
  void adopt_unknown_alerts();
  void reschedule(const row_name& name, const row* before, const row* after);
  void advance(tick_seconds now);
  std::vector<route_id> held_routes(const std::vector<std::string>& tables) const;
  void copy_into(cell_flush& out);
  void check_into(cell_flush& out, tick_seconds now, std::size_t checks);
  void set_live(const applied_block& last);
  void make_live(const std::vector<bool>& held);
  bool any_live() const { return live_.all || !live_.some.empty(); }
  bool holds(route_id route) const { return holds_[route.value]; }

  cell_settings how_;
  cell_id id_;
  std::vector<bool> holds_; ///< by route: a figure of this entity folds or shows its rows
  row_table rows_;
  turn_schedule turns_;
  row fresh_, before_, key_; ///< buffers for unpacking, reused
  sequencer positions_;
  figure_fold figures_;
  alert_book alerts_;
  std::vector<figure_id> opened_; ///< figures that went live since the last flush
  live_figures live_;
  owner_token owner_;
  std::uint64_t number_ = 0; ///< of the last flush that reached Redis
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
