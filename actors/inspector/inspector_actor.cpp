#include "actors/inspector/inspector_actor.hpp"

#include <algorithm>

namespace millrace {

namespace {

constexpr std::chrono::seconds answer_deadline{1}, written_timeout{5};
/// The start of a trouble is known to within this interval.
constexpr std::chrono::seconds look_interval{2};

/// The newest answer of all cells, for each place.
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
  moved = self->clock().now();
  self->send(self, atom::tick_v);
  return {
      [this](atom::status) { return gather(); },
      [this](atom::tick) {
        ask_parts([](auto&) {}, 0);
        self->delayed_send(self, look_interval, atom::tick_v);
      },
      [this](atom::written, const std::string& figure, const std::vector<std::string>& keys) {
        return last_written(figure, keys);
      },
      [this](atom::row, const std::string& table, const std::vector<std::string>& key) {
        return find_row(table, key);
      },
      [this](atom::alerts) { return alerts(); },
      [this](atom::log_level, const std::string& level, const std::string& who) {
        return change_log_level(level, who);
      },
  };
}

/// Asks all parts of this node. Other nodes report their own cells.
caf::result<node_report> inspector_state::gather() {
  auto promise = self->make_response_promise<node_report>();
  auto all = ask_parts([promise](const node_report& x) mutable { promise.deliver(x); }, 1);
  self->request<caf::message_priority::high>(how.member, answer_deadline, atom::homes_v)
      .then(
          [this, all](cell_homes& cells) {
            std::erase_if(cells, [this](auto& home) { return home.at.node() != self->node(); });
            ask_cells(all, cells);
          },
          [this, all](caf::error&) { finish(all); });
  return promise;
}

/// Asks all actors but the cells. `more`: number of other answers to wait for.
std::shared_ptr<gathering> inspector_state::ask_parts(std::function<void(const node_report&)> deliver,
                                                      std::size_t more) {
  auto all = std::make_shared<gathering>();
  all->awaited = 4 + (how.batches ? 1 : 0) + (how.alerts ? 1 : 0) + (how.reconciler ? 1 : 0) + more;
  all->began = self->clock().now();
  all->ends = all->began + answer_deadline;
  all->deliver = std::move(deliver);
  ask(all, how.router, &node_report::router, "cdc_router");
  ask(all, how.writer, &node_report::writer, "redis_writer");
  ask(all, how.fill, &node_report::fill, "cluster");
  ask(all, how.member, &node_report::member, "member");
  if (how.batches)
    ask(all, how.batches, &node_report::scheduler, "batch_scheduler");
  if (how.alerts)
    ask(all, how.alerts, &node_report::sender, "alert_sender");
  if (how.reconciler)
    ask(all, how.reconciler, &node_report::reconciliation, "reconciler");
  return all;
}

template <class Actor, class Report>
void inspector_state::ask(const std::shared_ptr<gathering>& all, const Actor& whom, Report node_report::*part,
                          const std::string& who) {
  answered.emplace(who, how.now());
  self->request<caf::message_priority::high>(whom, answer_deadline, atom::status_v)
      .then(
          [this, all, part, who](Report& x) {
            answered[who] = how.now();
            note_answer(all, who, true);
            all->report.*part = std::move(x);
            finish(all);
          },
          [this, all, part, who](caf::error&) {
            all->report.*part = last.*part;
            note_answer(all, who, false);
            all->report.silent.push_back({who, answered[who]});
            finish(all);
          });
}

void inspector_state::ask_cells(const std::shared_ptr<gathering>& all, const cell_homes& cells) {
  auto left = std::max<caf::timespan>(all->ends - self->clock().now(), std::chrono::milliseconds{50});
  all->awaited += cells.size();
  for (auto& home : cells)
    self->request<caf::message_priority::high>(home.at, left, atom::status_v)
        .then(
            [this, all](const cell_report& x) {
              note_answer(all, "cell", true);
              all->report.rows += x.rows;
              all->rows_of.resize(std::max(all->rows_of.size(), x.rows_of.size()));
              for (std::size_t i = 0; i < x.rows_of.size(); ++i)
                all->rows_of[i] += x.rows_of[i];
              finish(all);
            },
            [this, all](caf::error&) {
              note_answer(all, "cell", false);
              ++all->silent_cells;
              finish(all);
            });
  finish(all);
}

void inspector_state::finish(const std::shared_ptr<gathering>& all) {
  if (--all->awaited > 0)
    return;
  if (all->silent_cells > 0)
    all->report.silent.push_back({std::to_string(all->silent_cells) + " cells", how.now()});
  complete(all->report);
  count_rows(all->report, all->rows_of);
  std::sort(all->report.actors.begin(), all->report.actors.end(),
            [](auto& a, auto& b) { return a.kind < b.kind; });
  all->deliver(all->report);
}

/// Completes the report, and remembers the start of each trouble for the next check.
void inspector_state::complete(node_report& x) {
  take_count(x.router.records);
  x.events_per_second = rate;
  x.now = how.now();
  judge(x, how.frame, since, std::chrono::duration_cast<std::chrono::seconds>(self->clock().now() - moved));
  since = beginnings_of(x);
  last = x;
}

/// Counts an actor of this kind, and notes how long the slowest took.
void inspector_state::note_answer(const std::shared_ptr<gathering>& all, const std::string& kind,
                                  bool answered_in_time) const {
  auto& some = all->report.actors;
  auto found = std::find_if(some.begin(), some.end(), [&](auto& x) { return x.kind == kind; });
  if (found == some.end())
    found = some.insert(some.end(), actor_report{kind, 0});
  ++found->count;
  auto took = std::chrono::duration_cast<std::chrono::microseconds>(self->clock().now() - all->began).count();
  if (answered_in_time)
    found->answered_us = std::max<std::int64_t>(found->answered_us, took);
  else
    ++found->silent;
}

void inspector_state::count_rows(node_report& x, const std::vector<std::uint64_t>& by_route) const {
  auto& routes = how.frame.route_of;
  for (std::size_t i = 0; i < std::min(x.figures.size(), routes.size()); ++i)
    if (routes[i] < by_route.size())
      x.figures[i].rows = by_route[routes[i]];
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
  self->request(how.member, written_timeout, atom::homes_v)
      .then(
          [this, all, id, keys](const cell_homes& cells) {
            all->awaited = cells.size() + 1;
            all->take({});
            for (auto& home : cells)
              self->request(home.at, written_timeout, atom::written_v, id, keys)
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
