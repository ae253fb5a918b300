#include "actors/aggregator/aggregator_actor.hpp"

#include "actors/cell/last_written.hpp"
#include "actors/cell/row_places.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>

namespace millrace {

namespace {

/// How often a cell with windows looks at the clock, whose ticks are seconds.
constexpr std::chrono::milliseconds clock_interval{250};

} // namespace

aggregator_actor::behavior_type aggregator_state::make_behavior(aggregator_settings settings, cell_id id) {
  how = std::move(settings);
  cell.emplace(how.cell, id);
  if (cell->needs_clock())
    self->delayed_send(self, clock_interval, atom::tick_v);
  return {
      [this](const std::vector<change_batch>& batches) {
        for (auto& batch : batches)
          apply(batch);
        sweep_again();
        announce();
      },
      [this](atom::collect, std::uint32_t checks) {
        announced = announced_idle = false;
        collecting = true;
        under_way = std::exchange(waiting, {});
        return cell->collect(how.now(), checks);
      },
      [this](atom::flushed) { flushed(); },
      [this](atom::tick) {
        announce();
        self->delayed_send(self, clock_interval, atom::tick_v);
      },
      [this](atom::copy) {
        cell->copy_state();
        announce();
      },
      [this](atom::load, const cell_ledger& from) -> caf::result<cell_positions> {
        collecting = announced = announced_idle = false;
        for (auto* list : {&waiting, &under_way})
          for (auto& x : std::exchange(*list, {}))
            x.deliver(caf::make_error(caf::sec::request_receiver_down));
        if (auto loaded = cell->load(from); !loaded) {
          how.lost("shard " + std::to_string(cell->id().shard.value) + ": " + loaded.why().message);
          return caf::make_error(caf::sec::runtime_error);
        }
        catch_up();
        return cell_positions{cell->id(), cell->positions()};
      },
      [this](atom::publish, const std::vector<std::string>& held) {
        published = held;
        cell->publish(how.now(), held);
        return answer_when_durable();
      },
      [this](atom::read, lsn from, const std::vector<std::string>& tables) {
        return begin_read(from, tables);
      },
      [this](atom::sweep, lsn from, const std::vector<std::string>& tables) { return sweep(from, tables); },
      [this](atom::written, figure_id figure, const std::vector<std::string>& keys) {
        return last_written(*cell, figure, keys);
      },
      [this](atom::row, table_id table, const std::string& key) {
        return copies_of(*cell, table, key, how.now());
      },
      [this](atom::status) {
        return cell_report{cell->rows().count(), cell->live(), cell->figures().memory(),
                           cell->rows().counts(cell->plans().routes.size())};
      },
  };
}

void aggregator_state::apply(const change_batch& batch) {
  auto& router = routers[batch.source];
  if (auto sender = self->current_sender())
    router = caf::actor_cast<cdc_router_actor>(sender);
  if (auto have = cell->offer(batch, how.now()))
    self->send(router, atom::gap_v, cell_positions{cell->id(), {*have}});
  else if (auto durable = cell->owed(batch))
    self->send(router, atom::durable_v, cell_positions{cell->id(), {*durable}});
}

caf::result<cell_id> aggregator_state::begin_read(lsn from, const std::vector<std::string>& tables) {
  reads[tables] = {from, std::nullopt, false};
  cell->begin_read(from, tables);
  return answer_when_durable();
}

caf::result<cell_id> aggregator_state::sweep(lsn from, const std::vector<std::string>& tables) {
  if (!cell->sweep(from, how.now(), tables))
    return caf::make_error(caf::sec::invalid_argument);
  reads[tables] = {from, cell->positions(), false};
  return answer_when_durable();
}

/// After a reload, repeats sweeps and the end of a fill that the ledger lost, because no actor asks
/// for them again. Forgets reads without a sweep: the cell then rejects the sweep, and the fill reads
/// again.
void aggregator_state::catch_up() {
  std::erase_if(reads, [](auto& each) { return !each.second.at; });
  for (auto& [tables, x] : reads) {
    cell->begin_read(x.from, tables);
    x.due = true;
  }
  sweep_again();
  if (published)
    cell->publish(how.now(), *published);
  announce();
}

/// Sweeps again once the cell is at its former position: until then, removed rows can come back.
void aggregator_state::sweep_again() {
  for (auto& [tables, x] : reads)
    if (x.due && cell->reached(*x.at)) {
      x.due = false;
      cell->sweep(x.from, how.now(), tables);
    }
}

void aggregator_state::announce() {
  if (cell->urgent() || cell->due(how.now()) || !waiting.empty()) {
    if (!std::exchange(announced, true))
      self->send(how.writer, atom::dirty_v, cell->id(), true);
  } else if (cell->dirty() && !announced && !std::exchange(announced_idle, true)) {
    self->send(how.writer, atom::dirty_v, cell->id(), false);
  }
}

caf::result<cell_id> aggregator_state::answer_when_durable() {
  auto promise = self->make_response_promise<cell_id>();
  waiting.push_back(promise);
  announce();
  return promise;
}

void aggregator_state::flushed() {
  if (!std::exchange(collecting, false))
    return;
  auto durable = cell->flushed();
  for (auto& x : std::exchange(under_way, {}))
    x.deliver(cell->id());
  acknowledge(std::move(durable));
  announce();
}

/// Sends each router the positions of its partitions.
void aggregator_state::acknowledge(std::vector<position> durable) {
  std::map<cdc_router_actor, std::vector<position>> by_router;
  for (auto& p : durable)
    if (auto router = routers.find(p.source); router != routers.end() && router->second)
      by_router[router->second].push_back(p);
  for (auto& [router, positions] : by_router)
    self->send(router, atom::durable_v, cell_positions{cell->id(), std::move(positions)});
}

aggregator_actor::behavior_type aggregator(aggregator_actor::stateful_pointer<aggregator_state> self,
                                           aggregator_settings how, cell_id id) {
  return self->state.make_behavior(std::move(how), id);
}

} // namespace millrace
