#include "actors/batch_scheduler/agenda.hpp"

#include "actors/figures/plan/batch_plan.hpp"

#include <algorithm>

namespace millrace {

namespace {

constexpr std::uint32_t most_attempts = 5;
/// Counting stops here: so many runs of a year were missed.
constexpr std::uint64_t most_missed = 600'000;
/// A record further ahead comes from a clock that was wrong.
constexpr std::int64_t most_ahead = 3'600;

bool tries_again(const redis::batch_record& x) { return x.failures > 0 && x.failures < most_attempts; }

std::int64_t next_attempt(const redis::batch_record& x) {
  return x.ended + (std::int64_t{1} << (x.failures - 1));
}

bool is_known(const batch_plan& x, const redis::batch_record* record, std::int64_t now) {
  return record && record->version == x.version && record->slot <= now + most_ahead;
}

const redis::batch_record* record_of(const redis::batch_ledger& have, const std::string& name) {
  auto found = have.records.find(name);
  return found == have.records.end() ? nullptr : &found->second;
}

} // namespace

std::int64_t next_time(const batch_plan& x, const redis::batch_record* record, std::int64_t now) {
  if (!is_known(x, record, now))
    return now;
  auto regular = due_after(x, record->slot);
  return tries_again(*record) ? std::min(regular, next_attempt(*record)) : regular;
}

std::vector<batch_due> due_now(const plan_set& plans, const redis::batch_ledger& have, std::int64_t now) {
  std::vector<batch_due> out;
  for (std::uint16_t i = 0; i < plans.batches.size(); ++i) {
    auto& x = plans.batches[i];
    auto* record = record_of(have, x.name);
    if (next_time(x, record, now) > now && !have.requested.contains(x.name))
      continue;
    batch_due due{i, due_at_or_before(x, now)};
    if (is_known(x, record, now)) {
      due.slot = std::max(due.slot, record->slot);
      due.again = due.slot == record->slot && record->failures > 0;
      due.missed = due_between(x, record->slot, due.slot, most_missed);
    }
    if (due.missed > 0) {
      due.missed_from = due_after(x, record->slot);
      due.missed_to = due_at_or_before(x, due.slot - 1);
    }
    out.push_back(due);
  }
  return out;
}

} // namespace millrace
