#pragma once

/// What `millrace verify --json` found. Pure.

#include "actors/reconciler/judge_process.hpp"
#include "messages/reports.hpp"

namespace millrace {

/// Puts result, reason and figures into the report. `since` is kept while figures differ. `now`: Unix time,
/// s.
void take_verdict(reconciliation_report& report, const judgement& x, std::int64_t now);

} // namespace millrace
