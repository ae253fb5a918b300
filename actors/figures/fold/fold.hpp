#pragma once

/// The figures of one cell as a fold over its rows: fold(old row, new row) by
/// the plans, then drain(). Knows no actor, no Redis, no clock but the tick.

#include "actors/figures/plan/plan.hpp"
#include "messages/flush.hpp"

#include <memory>
#include <span>
#include <string_view>
#include <vector>

namespace millrace {

/// A projection's place as last written: kept beside the row and logged with it.
struct place_mark {
  std::uint64_t fingerprint = 0; ///< of the text; 0 = the place is absent
  std::int64_t written = 0;      ///< tick of the last write
};

/// How far a round over the keyed figures' places is.
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

  /// Sets which figures are live, by their numbers; all are at first. The others
  /// fill: their rows are shown under a prefix, nothing is folded into them.
  void set_live(const std::vector<bool>& live);

  /// Returns how many projections show rows of this route; a row's marks have
  /// this many entries, in the order of the figures.
  std::size_t projections(route_id from) const;

  /// Shows a row (all columns of its route), or with `after` null takes its
  /// places away. `key` is the unpacked primary key. `prefix` goes before the
  /// key of a figure that fills: it is staged. Writes only what changed.
  void project(route_id from, const row& key, const row* after, std::span<place_mark> marks, tick_seconds now,
               std::string_view prefix = {});

  /// Ends the fill of a row's projections: staged places move to their real keys,
  /// and those that need no more than the kept columns and the key are shown.
  /// Returns whether a mark has changed.
  bool unstage(route_id from, const row& key, const row& kept, std::span<place_mark> marks, tick_seconds now,
               std::string_view prefix);

  /// Takes the places of these figures away, by their numbers.
  void hide(route_id from, const row& key, std::span<place_mark> marks, const std::vector<bool>& which,
            tick_seconds now, std::string_view prefix);

  /// Folds one row's change (kept columns; what follows them isn't looked at) into the keyed and rolled-up
  /// figures that are live. Null means that there was, or is, no row.
  void fold(route_id from, const row* before, const row* after);

  /// The same, for rows whose effect Redis has already: nothing to drain.
  void restore(route_id from, const row& stored);

  /// Folds a row into the figures that fill: all rows, once, when a fill ends.
  void admit(route_id from, const row& stored);

  /// To be called once when a fill ends: all figures are live from now on. The one
  /// row of each rolled-up figure without GROUP BY exists (by shard 0's cell only).
  void open();

  /// Returns what changed since the last drain: each place once, in its last form.
  cell_output drain(tick_seconds now);

  /// Returns a write that takes away each keyed place there is of these figures,
  /// by their numbers; empty: of all.
  std::vector<store_write> retire(const std::vector<bool>& which = {}) const;

  /// Appends the places of a row's projections for a comparison with Redis.
  void check(route_id from, const row& key, std::span<const place_mark> marks, tick_seconds now,
             std::vector<place_check>& out) const;

  /// The same for about `count` places of keyed figures; moves the cursor. Returns false once the
  /// round is over.
  bool check_groups(group_cursor& from, std::size_t count, tick_seconds now,
                    std::vector<place_check>& out) const;

  /// Returns the tick of a keyed place's last write; 0 if unknown.
  std::int64_t last_written(figure_id figure, std::string_view key) const;

  /// Returns about how many bytes of memory the groups take.
  std::size_t memory() const;

 private:
  struct impl;
  std::unique_ptr<impl> impl_;
};

} // namespace millrace
