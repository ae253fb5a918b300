#pragma once

/// What the scheduler writes into the ledger when a run begins and ends. Pure. Each step also has the
/// entries of batch_jobs:history, which are JSON.

#include "actors/batch_scheduler/agenda.hpp"
#include "messages/batch.hpp"
#include "messages/reports.hpp"

#include <string>

namespace millrace {

/// Returns the step that begins a run of these figures. Until the run ends, their records say that it
/// failed.
redis::batch_step begin_of(const plan_set& plans, const redis::batch_ledger& have,
                           const std::vector<batch_due>& due, std::int64_t now);

/// Returns the step that ends the run: results of figures that succeeded are shown from now on.
redis::batch_step end_of(const plan_set& plans, const redis::batch_ledger& have, const batch_outcome& outcome,
                         std::int64_t now);

/// Returns the step that ends a run that no worker will end: its node was killed or lost the lead.
redis::batch_step interrupted(const redis::batch_ledger& have, std::int64_t now);

/// Returns a figure's report. `record`: the ledger's; null: none.
batch_report report_of(const batch_plan& x, const redis::batch_record* record, bool runs, std::int64_t now);

/// Returns the time in ISO 8601, UTC.
std::string iso_time(std::int64_t seconds);

} // namespace millrace
