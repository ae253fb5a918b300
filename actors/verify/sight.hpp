#pragma once

/// Checks whether a session sees every row that the figures use. If a query silently omits rows, its result
/// proves nothing, so verify refuses to run.

#include "actors/figures/plan/plan.hpp"
#include "actors/postgres/session.hpp"

namespace millrace::verify {

/// Returns an error (denied) if row-level security hides rows of the figures' tables from the session's
/// role. It names the role, the tables and the command to run. Other errors are the server's.
result<void> sees_every_row(postgres::session& sql, const plan_set& plans);

} // namespace millrace::verify
