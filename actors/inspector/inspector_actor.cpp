#include "actors/inspector/inspector_actor.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>

namespace millrace {

namespace {

constexpr std::chrono::seconds answer_timeout{5};
/// What is wrong is known to have begun so late at most.
constexpr std::chrono::seconds look_interval{2};

/// Answers that are still to come, and what they are for.
struct gathering {
  status_parts parts;
  std::size_t awaited = 0;
  std::function<void(std::string)> deliver;
};

/// The latest of all cells' answers, place by place.
struct newest {
  std::vector<std::int64_t> ticks;
  std::size_t awaited = 0;
  caf::typed_response_promise<std::vector<std::int64_t>> promise;

  void take(const std::vector<std::int64_t>& answer) {
    for (std::size_t i = 0; i < std::min(answer.size(), ticks.size()); ++i)
      ticks[i] = std::max(ticks[i], answer[i]);
    if (--awaited == 0)
      promise.deliver(ticks);
  }
};

} // namespace

inspector_actor::behavior_type inspector_state::make_behavior(inspector_settings settings) {
  how = std::move(settings);
  last = how.frame;
  moved = self->clock().now();
  self->send(self, atom::tick_v);
  return {
      [this](atom::status) { return gather(); },
      [this](atom::tick) {
        ask_all([](auto) {}, {});
        self->delayed_send(self, look_interval, atom::tick_v);
      },
      [this](atom::written, const std::string& figure, const std::vector<std::string>& keys) {
        return last_written(figure, keys);
      },
  };
}

/// Cells of other nodes are told of by those.
caf::result<std::string> inspector_state::gather() {
  auto promise = self->make_response_promise<std::string>();
  self->request(how.member, answer_timeout, atom::homes_v)
      .then(
          [this, promise](cell_homes& cells) {
            std::erase_if(cells, [this](auto& home) { return home.at.node() != self->node(); });
            ask_all([promise](std::string text) mutable { promise.deliver(std::move(text)); }, cells);
          },
          [this, promise](caf::error&) {
            ask_all([promise](std::string text) mutable { promise.deliver(std::move(text)); }, {});
          });
  return promise;
}

void inspector_state::ask_all(std::function<void(std::string)> deliver, const cell_homes& cells) {
  auto all = std::make_shared<gathering>();
  all->parts = how.frame;
  all->parts.cells.resize(cells.size());
  all->awaited = 4 + cells.size();
  all->deliver = std::move(deliver);
  auto finish = [this, all] {
    if (--all->awaited == 0)
      all->deliver(put_all_together(all->parts));
  };
  auto ask = [this, all, finish](const auto& whom, std::string& into, std::function<void()> on_silence) {
    self->request(whom, answer_timeout, atom::status_v)
        .then(
            [&into, all, finish](std::string& text) {
              into = std::move(text);
              finish();
            },
            [on_silence, finish](caf::error&) {
              on_silence();
              finish();
            });
  };
  auto ask_actor = [&](const auto& whom, std::string status_parts::*part, const char* who) {
    ask(whom, all->parts.*part, [this, all, part, who] {
      all->parts.*part = last.*part;
      all->parts.silent.push_back(who);
    });
  };
  ask_actor(how.router, &status_parts::router, "cdc_router");
  ask_actor(how.writer, &status_parts::writer, "redis_writer");
  ask_actor(how.fill, &status_parts::fill, "cluster");
  ask_actor(how.member, &status_parts::member, "member");
  std::size_t i = 0;
  for (auto& home : cells)
    ask(home.at, all->parts.cells[i++], [] {});
}

/// Remembers what is wrong, so that the next look knows since when.
std::string inspector_state::put_all_together(status_parts& parts) {
  auto router = nlohmann::json::parse(parts.router, nullptr, false);
  if (router.is_object())
    take_count(router.value("records", std::int64_t{0}));
  parts.events_per_second = rate;
  parts.now = how.now();
  parts.idle = std::chrono::duration_cast<std::chrono::seconds>(self->clock().now() - moved);
  parts.since = last.since;
  auto out = put_together(parts);
  last = parts;
  last.since = beginnings_of(out);
  return out;
}

void inspector_state::take_count(std::int64_t events) {
  if (events != events_seen)
    moved = self->clock().now();
  events_seen = events;
  measure_rate(events);
}

caf::result<std::vector<std::int64_t>> inspector_state::last_written(const std::string& figure,
                                                                     const std::vector<std::string>& keys) {
  auto& names = how.frame.figures;
  auto found = std::find(names.begin(), names.end(), figure);
  if (found == names.end())
    return std::vector<std::int64_t>(keys.size(), 0);
  figure_id id{static_cast<std::uint16_t>(found - names.begin())};
  auto all = std::make_shared<newest>();
  all->ticks.resize(keys.size(), 0);
  all->promise = self->make_response_promise<std::vector<std::int64_t>>();
  self->request(how.member, answer_timeout, atom::homes_v)
      .then(
          [this, all, id, keys](const cell_homes& cells) {
            all->awaited = cells.size() + 1;
            all->take({});
            for (auto& home : cells)
              self->request(home.at, answer_timeout, atom::written_v, id, keys)
                  .then([all](const std::vector<std::int64_t>& x) { all->take(x); },
                        [all](caf::error&) { all->take({}); });
          },
          [all](caf::error&) {
            all->awaited = 1;
            all->take({});
          });
  return all->promise;
}

void inspector_state::measure_rate(std::int64_t events) {
  auto now = self->clock().now();
  std::chrono::duration<double> passed = now - measured;
  if (passed.count() < 0.5)
    return;
  if (measured.time_since_epoch().count() > 0)
    rate = static_cast<std::int64_t>(static_cast<double>(events - events_before) / passed.count());
  events_before = events;
  measured = now;
}

inspector_actor::behavior_type inspector(inspector_actor::stateful_pointer<inspector_state> self,
                                         inspector_settings how) {
  return self->state.make_behavior(std::move(how));
}

} // namespace millrace
