#pragma once

/// What another set of figures means for a ledger: which figures come, go or
/// change, and which tables' rows have to be read again for it. Pure.

#include "actors/figures/plan/plan.hpp"

#include <set>

namespace millrace {

enum class figure_step : std::uint8_t { unchanged, added, changed, removed };

struct figure_change {
  std::string name;
  figure_step step = figure_step::unchanged;
  std::optional<figure_id> before, after;
  /// The tables whose rows at rest lack something that it needs; empty where it
  /// can be filled from memory.
  std::set<table_id> lacks;
};

struct plan_change {
  std::vector<figure_change> figures; ///< those of the new set in its order, then the removed ones

  bool nothing() const;
  /// Returns how many figures go, and how many there are before.
  std::size_t removals() const;
  std::size_t running() const;
  /// Returns whether so many go that it may be a mistake: more than three, or
  /// more than half.
  bool removes_many() const;
  /// Returns the tables to be read again, numbered as in the new set.
  std::set<table_id> lacks() const;
  /// Returns the names of the figures that fill.
  std::vector<std::string> fills() const;
  /// Returns, by the old set's figures, whose places go.
  std::vector<bool> retires(const plan_set& before) const;
};

/// `after` has the table numbers of `before` (aligned()).
plan_change difference(const plan_set& before, const plan_set& after);

/// Returns whether a projection shows nothing but what cells keep of a row, and
/// its key: then it needs no record to be shown.
bool shows_kept_columns(const plan_set& plans, const figure_plan& projection);

/// Returns the word for it.
const char* to_text(figure_step x);

} // namespace millrace
