#include "actors/alert_sender/alert_sender_actor.hpp"

#include <spdlog/spdlog.h>

namespace millrace {

namespace {

/// Logs what has changed, not each attempt.
void log(const receiver_report& before, const receiver_report& now) {
  if (now.trouble != before.trouble && !now.trouble.empty())
    spdlog::warn("alert_sender: {} {}: {}; trying again", now.name, now.server, now.trouble);
  else if (now.trouble.empty() && !before.trouble.empty())
    spdlog::info("alert_sender: {} {} takes alerts again", now.name, now.server);
  if (now.lost > before.lost)
    spdlog::error("alert_sender: {}: up to {} events left alerts:stream before they were sent", now.name,
                  now.lost - before.lost);
  if (now.refused > before.refused)
    spdlog::error("alert_sender: {}: passed over {} events that it refuses (the last: {})", now.name,
                  now.refused - before.refused, now.refusal);
}

} // namespace

alert_sender_actor::behavior_type alert_sender_state::make_behavior(alert_sender_settings settings) {
  how = std::move(settings);
  take_lead(false);
  self->send(self, atom::tick_v);
  return {
      [this](atom::lead, bool x) {
        if (report.leads != x)
          take_lead(x);
      },
      [this](atom::tick) {
        tick();
        self->delayed_send(self, how.interval, atom::tick_v);
      },
      [this](atom::status) { return report; },
  };
}

/// What the couriers know of the last time that this node led is out of date.
void alert_sender_state::take_lead(bool leads) {
  ++term;
  report = {leads, {}};
  for (auto& x : how.receivers) {
    auto& one = report.receivers.emplace_back();
    one.name = x.name;
    one.server = x.server;
  }
  begun.assign(how.receivers.size(), std::nullopt);
  fresh.assign(how.receivers.size(), true);
}

void alert_sender_state::tick() {
  if (!report.leads)
    return;
  for (std::size_t i = 0; i < how.receivers.size(); ++i)
    if (!begun[i])
      start(i);
    else if (self->clock().now() - *begun[i] >= how.round_limit)
      say_stuck(i);
}

void alert_sender_state::start(std::size_t which) {
  begun[which] = self->clock().now();
  bool first = fresh[which];
  fresh[which] = false;
  self->request(how.receivers[which].courier, caf::infinite, atom::run_v, first)
      .then([this, which, at = term](receiver_report& x) { take(which, at, std::move(x)); });
}

/// A round that doesn't end is told, and no other begins before it has: its courier is in it still.
void alert_sender_state::say_stuck(std::size_t which) {
  auto& x = report.receivers[which];
  if (!x.trouble.empty())
    return;
  auto now = x;
  now.trouble = "a round doesn't end";
  now.since = how.now() - how.round_limit.count();
  log(x, now);
  x = now;
}

void alert_sender_state::take(std::size_t which, std::uint64_t of_term, receiver_report x) {
  if (of_term != term)
    return;
  begun[which].reset();
  log(report.receivers[which], x);
  report.receivers[which] = std::move(x);
}

alert_sender_actor::behavior_type alert_sender(alert_sender_actor::stateful_pointer<alert_sender_state> self,
                                               alert_sender_settings how) {
  return self->state.make_behavior(std::move(how));
}

alert_courier_actor::behavior_type alert_courier(alert_courier_actor::pointer, courier_settings how,
                                                 courier_backend with) {
  auto one = std::make_shared<courier>(std::move(how), std::move(with));
  return {[one](atom::run, bool fresh) { return one->run(fresh); }};
}

} // namespace millrace
