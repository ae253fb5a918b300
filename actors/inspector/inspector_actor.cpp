#include "actors/inspector/inspector_actor.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>

namespace millrace {

namespace {

constexpr std::chrono::seconds answer_timeout{5};

/// Answers that are still to come, and what they are for.
struct gathering {
  status_parts parts;
  std::size_t awaited = 0;
  caf::typed_response_promise<std::string> promise;
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
  return {
      [this](atom::status) { return gather(); },
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
            ask_all(promise, cells);
          },
          [this, promise](caf::error&) { ask_all(promise, {}); });
  return promise;
}

void inspector_state::ask_all(caf::typed_response_promise<std::string> promise, const cell_homes& cells) {
  auto all = std::make_shared<gathering>();
  all->parts = how.frame;
  all->parts.cells.resize(cells.size());
  all->awaited = 4 + cells.size();
  all->promise = std::move(promise);
  auto finish = [this, all] {
    if (--all->awaited > 0)
      return;
    auto router = nlohmann::json::parse(all->parts.router, nullptr, false);
    if (router.is_object())
      measure_rate(router.value("records", std::int64_t{0}));
    all->parts.events_per_second = rate;
    all->promise.deliver(put_together(all->parts));
  };
  auto ask = [this, all, finish](const auto& whom, std::string& into) {
    self->request(whom, answer_timeout, atom::status_v)
        .then(
            [&into, all, finish](std::string& text) {
              into = std::move(text);
              finish();
            },
            [finish](caf::error&) { finish(); });
  };
  ask(how.router, all->parts.router);
  ask(how.writer, all->parts.writer);
  ask(how.cluster, all->parts.cluster);
  ask(how.member, all->parts.member);
  std::size_t i = 0;
  for (auto& home : cells)
    ask(home.at, all->parts.cells[i++]);
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
