#pragma once

/// The fold of one cell: fold(old row, new row) changes the figures' groups and places, and drain()
/// returns the writes. It uses no actor, no Redis, and no clock except the tick.

#include "actors/figures/plan/plan.hpp"
#include "messages/flush.hpp"

#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

namespace millrace {

/// A projection's place as last written. It is kept with the row and logged with it.
struct place_mark {
  std::uint64_t fingerprint = 0; ///< of the text; 0 if the place doesn't exist
  std::int64_t written = 0;      ///< tick of the last write
};

/// The next place to compare in a round over the keyed figures.
struct group_cursor {
  std::size_t figure = 0, at = 0;
};

class figure_fold {
 public:
  /// `plans` must outlive this.
  figure_fold(const plan_set& plans, cell_id cell);
  ~figure_fold();
  figure_fold(figure_fold&&) noexcept;
  figure_fold& operator=(figure_fold&&) noexcept;

  /// Sets which figures are live, indexed by figure number. All are at first. For the others, which
  /// fill, project() writes staged places under a prefix, and fold() does nothing.
  void set_live(const std::vector<bool>& live);

  /// The tick that now() stands for. Rows fold at this tick, until turn() has taken all of them to another.
  tick_seconds tick() const;
  void set_tick(tick_seconds now);

  /// Returns whether a figure over the route's rows has a condition with now().
  bool has_windows(route_id from) const;
  /// Returns the first tick after tick() at which the row enters or leaves a figure; nullopt if none.
  std::optional<tick_seconds> next_turn(route_id from, const row& kept) const;
  /// Takes a row from tick() to `now`: folds and shows what the clock changes for it. Returns whether a mark
  /// has changed. Call it for each row with a turn until then, and set_tick(now) after them.
  bool turn(route_id from, const row& key, const row& kept, std::span<place_mark> marks, tick_seconds now,
            std::string_view prefix);

  /// Returns how many projections show rows of this route. A row has this many marks, in the order
  /// of the figures.
  std::size_t projections(route_id from) const;

  /// Writes the places of a row (all columns of its route). If `after` is null, removes them. `key` is
  /// the unpacked primary key. For a figure that fills, the place is staged: `prefix` precedes its
  /// Redis key. Writes only places that changed.
  void project(route_id from, const row& key, const row* after, std::span<place_mark> marks, tick_seconds now,
               std::string_view prefix = {});

  /// Ends the fill of a row's projections. Moves staged places to their real keys, and writes those
  /// that need only the kept columns and the key. Returns whether a mark has changed.
  bool unstage(route_id from, const row& key, const row& kept, std::span<place_mark> marks, tick_seconds now,
               std::string_view prefix);

  /// Removes the row's places of the figures in `which`, indexed by figure number.
  void hide(route_id from, const row& key, std::span<place_mark> marks, const std::vector<bool>& which,
            tick_seconds now, std::string_view prefix);

  /// Folds one row's change into the live keyed and rolled-up figures. Reads the kept columns only.
  /// `before` is null for an insert, `after` for a delete.
  void fold(route_id from, const row* before, const row* after);

  /// Folds a row whose effect Redis already has. Leaves nothing to drain.
  void restore(route_id from, const row& stored);

  /// Sets which figures keep filling when a fill ends, indexed by figure number. None do at first.
  void set_held(const std::vector<bool>& held);

  /// Folds a row into the figures that fill and aren't held. Call it once for every row when a fill
  /// ends.
  void admit(route_id from, const row& stored);

  /// Makes all figures live that aren't held. Call it once when a fill ends. The next drain creates the
  /// single row of each rolled-up figure without GROUP BY, even if the cell has no rows.
  void open();

  /// Returns what changed since the last drain: one entry per place, with its newest content.
  cell_output drain(tick_seconds now);

  /// Returns the writes that remove every existing keyed place of the figures in `which`, indexed by
  /// figure number. An empty `which` means all figures.
  std::vector<store_write> retire(const std::vector<bool>& which = {}) const;

  /// Returns the key of the row's place of this figure, if the row has one and it is shown.
  std::optional<std::string> shown_key(route_id from, figure_id figure, const row& key,
                                       std::span<const place_mark> marks) const;

  /// Appends the places of a row's projections, to compare them with Redis.
  void check(route_id from, const row& key, std::span<const place_mark> marks, tick_seconds now,
             std::vector<place_check>& out) const;

  /// Appends about `count` places of keyed figures and advances the cursor. Returns false at the end
  /// of the round.
  bool check_groups(group_cursor& from, std::size_t count, tick_seconds now,
                    std::vector<place_check>& out) const;

  /// Returns the tick of a keyed place's last write, 0 if unknown.
  std::int64_t last_written(figure_id figure, std::string_view key) const;

  /// Returns the approximate memory of the groups, in bytes.
  std::size_t memory() const;

 private:
  struct impl;
  std::unique_ptr<impl> impl_;
};

} // namespace millrace
