#pragma once

/// Whether a session sees every row that the figures are about. A query that
/// leaves rows out in silence is no measure: verify refuses to judge by it.

#include "actors/figures/plan/plan.hpp"
#include "actors/postgres/session.hpp"

namespace millrace::verify {

/// Returns an error (denied) if row level security hides rows of the figures'
/// tables from the session's role; it names role, tables and what to run. Other
/// errors are the server's.
result<void> sees_every_row(postgres::session& sql, const plan_set& plans);

} // namespace millrace::verify
