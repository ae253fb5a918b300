#pragma once

/// verify: every figure's own SQL, run in one snapshot, against Redis.
///
///   drain · snapshot: all figures, extra places too
///   while something differs and there is time:
///     drain · snapshot: the places that differed, again
///
/// A place that was equal once is right. One that shows the same difference
/// twice, with everything durable in between, differs for good. What remains
/// is moving: others are writing.

#include "actors/verify/extras.hpp"
#include "actors/verify/judge.hpp"
#include "actors/verify/report.hpp"

namespace millrace::verify {

/// What verify asks of those who know the engine. All are called by the caller's thread.
struct questions {
  /// Waits until all that is committed now has taken durable effect in Redis.
  std::function<result<void>()> drain;
  std::function<figure_state(figure_id)> state;
  last_written written;
  std::function<result<tick_seconds>()> now; ///< the tick that SQL's now() stands for
};

struct options {
  std::chrono::milliseconds wait{30'000}; ///< for places to settle, beyond the first round
  std::size_t first_differences = 5;      ///< shown of each figure
};

/// Returns how every figure stands. Pausing our own generator is the caller's
/// matter. Errors: a server that doesn't answer, SQL that PostgreSQL refuses,
/// rows that the session's role doesn't see (denied), or drain's own.
result<report> run(const plan_set& plans, postgres::session& sql, redis::client& redis, const questions& ask,
                   const options& how);

} // namespace millrace::verify
