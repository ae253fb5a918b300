#include "actors/batch_scheduler/batch_scheduler_actor.hpp"

#include "messages/caf/in_words.hpp"
#include "messages/token.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>

namespace millrace {

namespace {

std::string names_of(const std::vector<batch_due>& due, const plan_set& plans) {
  std::string out;
  for (auto& x : due)
    out += (out.empty() ? "" : ", ") + plans.batches.at(x.figure).name;
  return out;
}

void log(const batch_outcome& x, const plan_set& plans) {
  std::int64_t took = 0;
  for (auto& one : x.results) {
    took += one.took_ms;
    if (!one.why.empty())
      spdlog::warn("batch_scheduler: run {}: {} failed: {}", x.number, plans.batches.at(one.figure).name,
                   one.why);
  }
  spdlog::debug("batch_scheduler: ended run {} ({} figures, {} ms)", x.number, x.results.size(), took);
}

} // namespace

batch_scheduler_actor::behavior_type batch_scheduler_state::make_behavior(batch_scheduler_settings settings) {
  how = std::move(settings);
  self->send(self, atom::tick_v);
  return {
      [this](atom::lead, bool x) { take_lead(x); },
      [this](atom::tick) {
        tick();
        self->delayed_send(self, how.interval, atom::tick_v);
      },
      [this](atom::status) { return status(); },
  };
}

void batch_scheduler_state::take_lead(bool x) {
  if (leads == x)
    return;
  leads = x;
  if (!leads)
    drop_run();
}

/// Forgets the run and the token. If the ledger is still ours, the run counts as interrupted.
void batch_scheduler_state::drop_run() {
  token.clear();
  ordered.reset();
  outcome.reset();
}

void batch_scheduler_state::tick() {
  if (how.plans->batches.empty())
    return;
  auto done = work();
  auto why = done ? std::string() : done.why().message;
  if (!done && done.why().code == errc::fenced) {
    if (!token.empty())
      spdlog::info("batch_scheduler: {}", why);
    drop_run();
  } else if (why != trouble && !why.empty()) {
    spdlog::warn("batch_scheduler: {}; trying again", why);
  }
  trouble = why;
}

result<void> batch_scheduler_state::work() {
  auto found = how.ledger.look();
  if (!found)
    return found.why();
  have = std::move(*found);
  if (!leads)
    return {};
  if (auto held = hold(); !held)
    return held;
  if (outcome)
    return finish();
  if (ordered)
    return {};
  if (have.running) {
    auto ended = step(interrupted(have, how.now()));
    return ended ? result<void>() : ended.why();
  }
  auto due = due_now(*how.plans, have, how.now());
  return due.empty() ? result<void>() : begin(due);
}

/// Claims the ledger unless this node has it.
result<void> batch_scheduler_state::hold() {
  if (!token.empty() && have.token == token)
    return {};
  drop_run();
  auto fresh = fresh_token();
  if (auto claimed = how.ledger.claim(fresh); !claimed)
    return claimed;
  spdlog::info("batch_scheduler: starts the runs of {} batch figures", how.plans->batches.size());
  token = have.token = fresh;
  return {};
}

/// Writes a step, and what the ledger is after it.
result<std::optional<redis::batch_refusal>> batch_scheduler_state::step(const redis::batch_step& x) {
  auto done = how.ledger.step(x);
  if (!done || *done)
    return done;
  have.number = x.next_number;
  have.running = x.running;
  for (auto& [name, record] : x.records)
    have.records[name] = record;
  return done;
}

result<void> batch_scheduler_state::begin(const std::vector<batch_due>& due) {
  auto number = have.number + 1;
  if (auto begun = step(begin_of(*how.plans, have, due, how.now())); !begun)
    return begun.why();
  spdlog::debug("batch_scheduler: run {} of {}", number, names_of(due, *how.plans));
  order(number, due);
  return {};
}

void batch_scheduler_state::order(std::uint64_t number, const std::vector<batch_due>& due) {
  ordered = number;
  batch_order x{token, number, {}};
  for (auto& one : due)
    x.figures.push_back(one.figure);
  auto limit = how.run_limit * static_cast<int>(due.size());
  self->request(how.worker, limit, atom::run_v, std::move(x))
      .then([this, number](batch_outcome& done) { take_outcome(number, std::move(done)); },
            [this, number](caf::error& why) {
              if (ordered != number)
                return;
              spdlog::warn("batch_scheduler: run {} has no outcome: {}", number,
                           in_words(self->system(), why));
              drop_run();
            });
}

void batch_scheduler_state::take_outcome(std::uint64_t number, batch_outcome x) {
  if (ordered != number)
    return;
  log(x, *how.plans);
  if (x.fenced)
    return drop_run();
  outcome = std::move(x);
  tick(); // without waiting for the next one
}

/// Ends the run. A result that Redis rejects fails its figure, and the others count.
result<void> batch_scheduler_state::finish() {
  if (!have.running || have.running->number != outcome->number) { // the step that had no answer took effect
    ordered.reset();
    outcome.reset();
    return {};
  }
  for (;;) {
    auto done = step(end_of(*how.plans, have, *outcome, how.now()));
    if (!done)
      return done.why();
    if (!*done)
      break;
    for (auto& x : outcome->results)
      if (how.plans->batches.at(x.figure).name == (*done)->figure)
        x.why = (*done)->why;
  }
  ordered.reset();
  outcome.reset();
  return {};
}

scheduler_report batch_scheduler_state::status() const {
  scheduler_report out{leads, trouble, {}};
  for (auto& x : how.plans->batches) {
    auto record = have.records.find(x.name);
    auto runs = have.running
                && std::find(have.running->figures.begin(), have.running->figures.end(), x.name)
                       != have.running->figures.end();
    out.batches.push_back(
        report_of(x, record == have.records.end() ? nullptr : &record->second, runs, how.now()));
  }
  return out;
}

batch_scheduler_actor::behavior_type
batch_scheduler(batch_scheduler_actor::stateful_pointer<batch_scheduler_state> self,
                batch_scheduler_settings how) {
  return self->state.make_behavior(std::move(how));
}

batch_worker_actor::behavior_type batch_worker(batch_worker_actor::pointer, batch_run_settings how) {
  return {[how = std::move(how)](atom::run, const batch_order& x) { return run_batches(how, x); }};
}

} // namespace millrace
