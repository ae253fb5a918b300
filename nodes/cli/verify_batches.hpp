#pragma once

/// The comparison of batch figures. Their results are as old as their last run, so each round begins
/// with a run: verify asks the scheduler for one, and waits until it has ended.

#include "actors/postgres/session.hpp"
#include "actors/redis/client.hpp"
#include "actors/redis/store.hpp"
#include "actors/verify/run.hpp"

#include <chrono>

namespace millrace {

/// Returns the result of every batch figure; none if there are no batch figures. A figure whose run
/// fails isn't compared. Errors: as verify::run; unavailable if no run ends within `limit`.
result<verify::report> verify_batches(const plan_set& plans, redis::store& ledger, postgres::session& db,
                                      redis::client& reads, std::chrono::seconds limit);

} // namespace millrace
