#include "actors/reconciler/reconciler_actor.hpp"

#include "actors/reconciler/verdict.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>

namespace millrace {

namespace {

constexpr std::chrono::seconds look_interval{1}, first_pause{60};

void log(const reconciliation_report& x) {
  if (x.result == "failed")
    spdlog::warn("reconciler: the figures couldn't be compared: {}", x.why);
  else if (x.differing.empty())
    spdlog::info("reconciler: compared the figures with PostgreSQL: {}", x.result);
  for (auto& figure : x.differing)
    spdlog::error("reconciler: the figure {} differs from PostgreSQL; `millrace verify` shows where", figure);
}

} // namespace

reconciler_actor::behavior_type reconciler_state::make_behavior(reconciler_settings settings) {
  how = std::move(settings);
  report.interval_s = static_cast<std::uint64_t>(how.interval.count());
  self->send(self, atom::tick_v);
  return {
      [this](atom::lead, bool x) {
        if (report.leads != x)
          take_lead(x);
      },
      [this](atom::tick) {
        tick();
        self->delayed_send(self, look_interval, atom::tick_v);
      },
      [this](atom::status) { return report; },
  };
}

/// The first comparison comes soon: what the leader before found is found again. Not at once, because a node
/// that begins to lead has other work.
void reconciler_state::take_lead(bool leads) {
  running.reset();
  auto interval = report.interval_s;
  report = {};
  report.interval_s = interval;
  report.leads = leads;
  report.next = leads ? how.now() + std::min(how.interval, first_pause).count() : 0;
}

void reconciler_state::tick() {
  if (!report.leads)
    return;
  if (!running)
    return how.now() >= report.next ? start() : void();
  if (auto ended = running->look())
    return take(*ended);
  if (how.now() - began >= how.limit.count())
    take({-1, {}, "it took longer than " + std::to_string(how.limit.count()) + " s"});
}

void reconciler_state::start() {
  began = how.now();
  report.next = began + how.interval.count();
  auto started = judge_process::start(how.command);
  if (!started)
    return take({-1, {}, started.why().message});
  running = std::move(*started);
  report.running = true;
}

void reconciler_state::take(const judgement& x) {
  running.reset();
  report.running = false;
  report.took_s = how.now() - began;
  take_verdict(report, x, how.now());
  // At most half of the time, as an open snapshot keeps dead rows from being removed.
  report.next = std::max(report.next, how.now() + std::max<std::int64_t>(report.took_s, 1));
  log(report);
}

reconciler_actor::behavior_type reconciler(reconciler_actor::stateful_pointer<reconciler_state> self,
                                           reconciler_settings how) {
  return self->state.make_behavior(std::move(how));
}

} // namespace millrace
