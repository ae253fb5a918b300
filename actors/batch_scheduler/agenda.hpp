#pragma once

/// Which batch figures are due. Pure: the ledger and the time are arguments.
///
/// A figure runs at each time of its schedule. If several have passed, because no node ran or a run
/// took long, the figure runs once, and the earlier times count as missed. A failed figure is tried
/// again after 1, 2, 4 and 8 s, then at its next time. A figure without a record, or with another
/// plan, is due at once.

#include "actors/figures/plan/plan.hpp"
#include "actors/redis/batch_ledger.hpp"

#include <cstdint>
#include <vector>

namespace millrace {

/// A figure to run now. Times are Unix time, s.
struct batch_due {
  std::uint16_t figure = 0; ///< index into plan_set::batches
  std::int64_t slot = 0;    ///< the time at which it was due
  bool again = false;       ///< another attempt at the record's slot
  std::uint64_t missed = 0; ///< times before `slot` at which it didn't run
  std::int64_t missed_from = 0, missed_to = 0;
};

/// Returns the figures to run now, in the order of the plans.
std::vector<batch_due> due_now(const plan_set& plans, const redis::batch_ledger& have, std::int64_t now);

/// Returns when a figure is due next, given its record; at most `now` if it is due.
std::int64_t next_time(const batch_plan& x, const redis::batch_record* record, std::int64_t now);

} // namespace millrace
