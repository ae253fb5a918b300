#pragma once

/// verify compares Redis with every figure's own SQL, run in one snapshot.
///
///   drain · snapshot: all figures, and extra places
///   while places differ and time remains:
///     drain · snapshot: the places that differed, again
///
/// A place that was equal once is correct. A place that shows the same difference twice, with all changes
/// durable in between, differs permanently. The others are moving: other clients are writing.
///
/// A figure with now() is compared at the tick that its cells show. A round in which they went past it
/// decides nothing against the figure.

#include "actors/verify/extras.hpp"
#include "actors/verify/judge.hpp"
#include "actors/verify/report.hpp"
#include "actors/verify/window_ticks.hpp"

namespace millrace::verify {

/// What verify needs from the engine. All are called from the caller's thread.
struct questions {
  /// Waits until everything that is committed now is durable in Redis.
  std::function<result<void>()> drain;
  std::function<figure_state(figure_id)> state;
  last_written written;
  std::function<result<tick_seconds>()> now; ///< Redis's clock
  /// Returns the subjects of an entity's alerts, by alert and subject.
  std::function<result<alert_subjects>(entity_id)> subjects;
  /// Returns the spans of ticks of all cells of an entity, for figures with now().
  std::function<result<std::vector<tick_span>>(entity_id)> ticks;
};

struct options {
  std::chrono::milliseconds wait{30'000}; ///< for places to settle after the first round
  std::size_t first_differences = 5;      ///< to show per figure
};

/// Returns the result of every figure. The caller pauses Millrace's own generator. Errors: a server that
/// doesn't answer, SQL that PostgreSQL rejects, rows that the session's role can't see (denied), and
/// drain's own.
result<report> run(const plan_set& plans, postgres::session& sql, redis::client& redis, const questions& ask,
                   const options& how);

} // namespace millrace::verify
