#pragma once

/// Compares two plan sets: which figures are added, changed or removed, and which tables must be read
/// again for that. Pure.

#include "actors/figures/plan/plan.hpp"

#include <set>

namespace millrace {

enum class figure_step : std::uint8_t { unchanged, added, changed, removed };

struct figure_change {
  std::string name;
  figure_step step = figure_step::unchanged;
  std::optional<figure_id> before, after;
  /// The tables whose stored rows lack a column that it needs. Empty if the figure can be filled from
  /// memory.
  std::set<table_id> lacks;
};

/// A batch figure. Nothing fills it: its first run follows.
struct batch_change {
  std::string name;
  figure_step step = figure_step::unchanged;
};

struct plan_change {
  std::vector<figure_change> figures; ///< the new set's in its order, then the removed ones
  std::vector<batch_change> batches;  ///< the same of the batch figures

  bool nothing() const;
  /// Returns how many figures are removed. running() returns how many there were before.
  std::size_t removals() const;
  std::size_t running() const;
  /// Returns whether so many figures are removed that it can be a mistake: more than three, or more than
  /// half.
  bool removes_many() const;
  /// Returns the tables to read again, with their numbers in the new set.
  std::set<table_id> lacks() const;
  /// Returns the names of the figures to fill.
  std::vector<std::string> fills() const;
  /// Returns which figures of the old set lose their places, indexed by figure number.
  std::vector<bool> retires(const plan_set& before) const;
  /// Returns the batch figures of the old set that lose their places. They point into `before`.
  std::vector<const batch_plan*> retired_batches(const plan_set& before) const;
};

/// Compares the sets. `after` must have the table numbers of `before` (aligned()).
plan_change difference(const plan_set& before, const plan_set& after);

/// Returns whether a projection shows only kept columns and the key. Then no record is needed to show
/// the row.
bool shows_kept_columns(const plan_set& plans, const figure_plan& projection);

/// Returns the step's name.
const char* to_text(figure_step x);

} // namespace millrace
