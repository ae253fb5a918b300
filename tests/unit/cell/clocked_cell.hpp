#pragma once

/// A cell of the small shop's orders with times, which flushes to a store in memory and has a clock of its
/// own.

#include "actors/cell/cell.hpp"
#include "actors/figures/values/calendar.hpp"
#include "tests/unit/memory_store.hpp"
#include "tests/unit/small_shop.hpp"

#include <stdexcept>

namespace millrace::test {

constexpr std::int64_t start = 1'700'000'000;

/// Plans figures over the small shop, whose orders have a time `at`.
inline plan_set plan_with_times(const std::string& figures) {
  auto catalog = small_catalog();
  catalog[1].columns.push_back({"at", postgres::column_type::timestamp, "timestamp"});
  auto planned = plan_texts({{"figures.sql", figures}}, catalog, {"public"}, {});
  if (!planned.refusals.empty())
    throw std::runtime_error(to_text(planned.refusals.front()));
  return std::move(planned.plans);
}

/// One cell of the orders by `entity`.
struct clocked_cell {
  clocked_cell(memory_store& to, const plan_set& plans, const std::string& entity)
      : plans(plans), store(to), route(route_to(entity)),
        it({&plans, plans.fingerprint(), "staged:"}, {shard_id{0}, plans.routes[route.value].entity}) {
    load();
  }
  route_id route_to(const std::string& entity) const {
    for (std::uint16_t i = 0; i < plans.routes.size(); ++i) {
      auto& x = plans.routes[i];
      if (plans.tables[x.entity.value].table.name == entity
          && plans.tables[x.table.value].table.name == "orders")
        return {i};
    }
    throw std::runtime_error("no route to " + entity);
  }
  void load() {
    if (auto loaded = it.load(store.claim(it.id())); !loaded)
      throw std::runtime_error(loaded.why().message);
    for (auto& p : it.positions())
      offset = p.last.high;
  }
  void publish() {
    it.publish({now});
    flush();
  }
  void flush() {
    if (store.flush(it.collect({now})) != flush_verdict::done)
      throw std::runtime_error("a flush was refused");
    it.flushed();
  }
  /// Puts an order of customer 1 whose time is `at` seconds after the start.
  void put(std::int64_t id, std::int64_t at, std::int64_t cents = 100) {
    row whole{value{id}, value{std::int64_t{1}}, value{cents}, value{std::string("new")},
              value{(start + at) * microseconds_per_second}};
    row columns;
    for (auto i : plans.routes[route.value].columns)
      columns.push_back(whole.at(i));
    auto x = next_change(change_kind::upsert, id);
    x.columns = pack(columns);
    offer(std::move(x));
  }
  void remove(std::int64_t id) { offer(next_change(change_kind::remove, id)); }
  void at(std::int64_t seconds) { now = start + seconds; }
  /// Lets the clock go on, and flushes if that is due.
  void pass_to(std::int64_t seconds) {
    at(seconds);
    if (it.due({now}))
      flush();
  }

  const plan_set& plans;
  memory_store& store;
  route_id route;
  cell it;
  std::int64_t now = start, offset = -1;

 private:
  change next_change(change_kind what, std::int64_t id) {
    change x;
    x.kind = what;
    x.route = route;
    x.where = {++offset};
    x.at = {static_cast<std::uint64_t>(offset + 10)};
    x.key = pack({value{id}});
    return x;
  }
  void offer(change x) {
    source_id from{plans.routes[route.value].table.value};
    if (it.offer(batch(it.id(), from, offset - 1, offset, {std::move(x)}), {now}))
      throw std::runtime_error("a batch that follows was answered with a gap");
  }
};

} // namespace millrace::test
