#pragma once

/// Checks a database before its changes are read by the stream.

#include "actors/figures/plan/plan.hpp"
#include "actors/postgres/session.hpp"
#include "actors/sources/postgres/problem.hpp"

#include <string>
#include <vector>

namespace millrace::postgres {

struct check_settings {
  std::string slot, publication;
  const plan_set* plans = nullptr; ///< whose tables are read
};

/// Returns what keeps the stream from working, each with what mends it. The server first: its version,
/// wal_level, the role's right, whether it is a standby, free slots and walsenders. Then the publication, and
/// each table in it. Then the slot, if it exists. Empty if all is well.
outcome<std::vector<problem>> look_for_problems(session& db, const check_settings& how);

} // namespace millrace::postgres
