#pragma once

/// A store on a private, empty Redis, and short ways to say what a cell flushes.

#include "actors/redis/store.hpp"
#include "messages/token.hpp"
#include "tests/unit/redis_server.hpp"

#include <set>
#include <stdexcept>

namespace millrace::test {

template <class T>
T must(result<T> x) {
  if (!x)
    throw std::runtime_error(x.why().message);
  return std::move(*x);
}
inline void must(result<void> x) {
  if (!x)
    throw std::runtime_error(x.why().message);
}

/// The process's Redis: started once, emptied for every test that asks.
inline redis_server& shared_server() {
  static redis_server one;
  auto c = must(redis::client::connect(one.settings()));
  must(c.call({"FLUSHALL"}));
  must(c.call({"FUNCTION", "FLUSH"}));
  return one;
}

inline plan_set one_table(std::vector<figure_plan> figures = {}) {
  plan_set out;
  out.tables.resize(2);
  out.tables[0].table.schema = "public";
  out.tables[0].table.name = "orders";
  out.tables[1].table.schema = "audit";
  out.tables[1].table.name = "entries";
  out.figures = std::move(figures);
  return out;
}

inline cell_id cell(int shard, int entity = 0) {
  return {shard_id{static_cast<std::uint16_t>(shard)}, entity_id{static_cast<std::uint16_t>(entity)}};
}

inline position at(int partition, std::int64_t offset) {
  return {source_id{static_cast<std::uint64_t>(partition)}, stream_position{offset},
          stamp{stream_position{offset}, 0xfedcba9876543210U}};
}

inline store_write write(write_kind kind, std::string key, std::vector<std::string> args = {},
                         std::uint32_t ttl = 0, int figure = 0) {
  return {figure_id{static_cast<std::uint16_t>(figure)}, kind, std::move(key), std::move(args), ttl};
}

/// A store, a connection that looks behind it, and cells that count their flushes.
struct store_fixture {
  explicit store_fixture(plan_set plans = one_table({figure_plan{}, figure_plan{}}),
                         redis_server& on = shared_server())
      : server(on), raw(must(redis::client::connect(on.settings()))), plans_(name(std::move(plans))),
        store(open()) {}

  static plan_set name(plan_set x) {
    for (std::size_t i = 0; i < x.figures.size(); ++i)
      if (x.figures[i].name.empty())
        x.figures[i].name = "figure" + std::to_string(i);
    return x;
  }

  redis::store open() {
    return must(redis::store::open(must(redis::client::connect(server.settings())), "shop", plans_));
  }

  cell_ledger claim(cell_id x) { return must(store.claim({x}, {fresh_token()})).at(0); }

  /// The flush that follows what the ledger says.
  static cell_flush next(const cell_ledger& x) {
    cell_flush out;
    out.cell = x.cell;
    out.owner = x.owner;
    out.number = x.number + 1;
    out.generation = x.generation;
    return out;
  }

  /// Claims the cell and flushes one output.
  redis::flush_outcome apply(cell_output x, std::int64_t tick = 0, cell_id to = cell(0)) {
    auto flush = next(claim(to));
    flush.output = std::move(x);
    return must(store.flush({flush}, tick_seconds{tick}));
  }
  redis::flush_outcome apply(std::vector<store_write> writes) {
    return apply(cell_output{std::move(writes), {}, {}});
  }

  /// After a restart the first call finds the connection broken, the next connects.
  void reconnect() {
    (void)store.failed_figures();
    (void)raw.call({"PING"});
  }

  redis::reply ask(redis::command what) { return must(raw.call(what)); }
  std::string text(redis::command what) {
    auto answer = ask(std::move(what));
    return answer.what == redis::reply::kind::nil       ? "(nil)"
           : answer.what == redis::reply::kind::integer ? std::to_string(answer.integer)
                                                        : answer.text;
  }
  std::set<std::string> keys(const std::string& pattern) {
    std::set<std::string> out;
    for (auto& x : ask({"KEYS", pattern}).list)
      out.insert(x.text);
    return out;
  }

  redis_server& server;
  redis::client raw;
  plan_set plans_;
  redis::store store;
};

} // namespace millrace::test
