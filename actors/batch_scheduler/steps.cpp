#include "actors/batch_scheduler/steps.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cstdio>
#include <ctime>

namespace millrace {

namespace {

using json = nlohmann::ordered_json;
using redis::batch_ledger;
using redis::batch_record;
using redis::batch_step;

constexpr auto unended = "the run didn't end: its node stopped, or another took over";

std::string text_of(const json& x) { return x.dump(-1, ' ', false, json::error_handler_t::replace); }

/// Returns the figure's record, or an empty one.
batch_record record_in(const batch_ledger& have, const std::string& name) {
  auto found = have.records.find(name);
  return found == have.records.end() ? batch_record{} : found->second;
}

std::string missed_entry(const std::string& name, const batch_due& x) {
  return text_of({{"result", "missed"},
                  {"figure", name},
                  {"missed", x.missed},
                  {"from", iso_time(x.missed_from)},
                  {"to", iso_time(x.missed_to)}});
}

/// Returns the record of a figure whose run begins: failed, until the end says otherwise. An attempt
/// after a failed one keeps that one's reason.
batch_record begun(batch_record x, const batch_plan& plan, const batch_due& due, std::uint64_t number,
                   std::int64_t now) {
  x.failures = due.again ? x.failures + 1 : 1;
  x.version = plan.version;
  x.slot = due.slot;
  x.last_run = number;
  x.ended = now;
  if (x.failing_since == 0) {
    x.failing_since = now;
    x.why = unended;
  }
  x.missed += due.missed;
  return x;
}

void succeed(batch_record& x, const batch_result& how, const batch_outcome& of, std::int64_t now) {
  x.failures = 0;
  x.failing_since = 0;
  x.why.clear();
  x.succeeded = now;
  x.snapshot = of.snapshot;
  x.run = of.number;
  x.rows = how.rows;
}

json entry_of(const std::string& name, const batch_result& x) {
  json out{{"name", name}, {"took_ms", x.took_ms}};
  if (x.why.empty())
    out["rows"] = x.rows;
  else
    out["error"] = x.why;
  return out;
}

std::string run_entry(const batch_ledger& have, const batch_outcome& of, json figures, bool failed,
                      std::int64_t now) {
  return text_of({{"run", of.number},
                  {"result", failed ? "failed" : "completed"},
                  {"began", iso_time(have.running ? have.running->began : now)},
                  {"ended", iso_time(now)},
                  {"snapshot", of.snapshot},
                  {"figures", std::move(figures)}});
}

std::string seconds_text(std::int64_t ms) {
  char text[32];
  std::snprintf(text, sizeof text, "%lld.%03lld", static_cast<long long>(ms / 1000),
                static_cast<long long>(ms % 1000));
  return text;
}

batch_step step_after(const batch_ledger& have) {
  batch_step out;
  out.token = have.token;
  out.number = have.number;
  out.next_number = have.number;
  return out;
}

} // namespace

std::string iso_time(std::int64_t seconds) {
  auto at = static_cast<std::time_t>(seconds);
  std::tm parts{};
  gmtime_r(&at, &parts);
  char text[32];
  std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &parts);
  return text;
}

batch_step begin_of(const plan_set& plans, const batch_ledger& have, const std::vector<batch_due>& due,
                    std::int64_t now) {
  auto out = step_after(have);
  out.next_number = have.number + 1;
  out.running = redis::batch_running{out.next_number, now, {}};
  for (auto& x : due) {
    auto& plan = plans.batches.at(x.figure);
    out.running->figures.push_back(plan.name);
    out.records[plan.name] = begun(record_in(have, plan.name), plan, x, out.next_number, now);
    out.answered.push_back(plan.name);
    out.missed += x.missed;
    if (x.missed > 0)
      out.history.push_back(missed_entry(plan.name, x));
  }
  return out;
}

batch_step end_of(const plan_set& plans, const batch_ledger& have, const batch_outcome& outcome,
                  std::int64_t now) {
  auto out = step_after(have);
  auto figures = json::array();
  std::int64_t took = 0;
  auto failed = false;
  for (auto& x : outcome.results) {
    auto& name = plans.batches.at(x.figure).name;
    auto record = record_in(have, name);
    record.ended = now;
    record.took_ms = x.took_ms;
    if (x.why.empty())
      succeed(record, x, outcome, now);
    else
      record.why = x.why;
    (x.why.empty() ? out.replaced : out.dropped).push_back(name);
    out.records[name] = std::move(record);
    figures.push_back(entry_of(name, x));
    took += x.took_ms;
    failed = failed || !x.why.empty();
  }
  (failed ? out.failed : out.completed) = 1;
  out.history.push_back(run_entry(have, outcome, std::move(figures), failed, now));
  out.shown["last_duration"] = seconds_text(took);
  if (!failed)
    out.shown["last_success"] = iso_time(now);
  return out;
}

batch_step interrupted(const batch_ledger& have, std::int64_t now) {
  auto out = step_after(have);
  out.dropped = have.running->figures;
  out.failed = 1;
  out.history.push_back(text_of({{"run", have.running->number},
                                 {"result", "interrupted"},
                                 {"began", iso_time(have.running->began)},
                                 {"ended", iso_time(now)},
                                 {"figures", have.running->figures}}));
  return out;
}

batch_report report_of(const batch_plan& x, const batch_record* record, bool runs, std::int64_t now) {
  batch_report out;
  out.name = x.name;
  out.next = next_time(x, record, now);
  out.state = runs ? "runs" : "waits";
  if (!record)
    return out;
  out.last_success = record->succeeded;
  out.snapshot = record->snapshot;
  out.run = record->run;
  out.rows = record->rows;
  out.took_ms = record->took_ms;
  out.missed = record->missed;
  // The record of a first attempt that is under way isn't a failure yet. A later one still is.
  auto first = record->failing_since == record->ended;
  if (record->failures == 0 || (runs && first))
    return out;
  out.state = "failed";
  out.why =
      record->why + (runs ? ". An attempt is under way" : ". The next attempt is at " + iso_time(out.next));
  out.since = record->failing_since;
  return out;
}

} // namespace millrace
