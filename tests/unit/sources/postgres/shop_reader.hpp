#pragma once

/// A source over a database with the small shop's tables, and what it gave.

#include "actors/sources/postgres/positions.hpp"
#include "actors/sources/postgres/stream_source.hpp"
#include "stream_database.hpp"
#include "tests/unit/small_shop.hpp"

namespace millrace::test {

/// Waits for a condition. Returns whether it came true.
inline bool within(std::chrono::seconds time, const std::function<bool()>& holds) {
  for (auto deadline = std::chrono::steady_clock::now() + time; std::chrono::steady_clock::now() < deadline;)
    if (holds())
      return true;
  return holds();
}

class shop_reader {
 public:
  static constexpr std::uint16_t shards = 4;

  explicit shop_reader(const std::string& name,
                       const std::function<void(postgres::stream_source_settings&)>& adjust = {})
      : db(name, "CREATE TABLE customers (id bigint PRIMARY KEY, name text, state text);"
                 "CREATE TABLE orders (id bigint PRIMARY KEY, customer_id bigint, amount numeric(10,2), "
                 "status text);"
                 "ALTER TABLE customers REPLICA IDENTITY FULL; ALTER TABLE orders REPLICA IDENTITY FULL") {
    postgres::stream_source_settings how;
    how.server = db.settings();
    how.slot = db.slot();
    how.publication = "p";
    how.plans = &small_shop();
    how.shards = shards;
    how.status_interval = 50ms;
    how.quiet_interval = 0ms;
    how.now_ms = [] { return std::int64_t{42}; };
    if (adjust)
      adjust(how);
    source = std::make_unique<postgres::stream_source>(std::move(how));
  }

  void assign(stream_position after = nowhere) { must(source->assign({{postgres::the_stream, after}}, {})); }
  void poll() {
    must(source->poll([this](taken&& x) {
      pieces.push_back(std::move(x));
      return true;
    }));
  }
  /// Reads until `enough`, or throws after 30 s.
  void read_until(const std::function<bool()>& enough) {
    auto came = within(30s, [&] {
      if (enough())
        return true;
      poll();
      return false;
    });
    if (!came)
      throw std::runtime_error("the source doesn't give it: " + std::to_string(pieces.size()) + " pieces");
  }
  /// Reads everything that was committed before this call.
  void read_all() {
    auto end = must(source->ends())->at(postgres::the_stream);
    read_until([&] { return last() >= end; });
  }

  stream_position last() const { return pieces.empty() ? nowhere : pieces.back().last; }

  /// Returns all changes of a cell.
  std::vector<change> of(cell_id cell) const {
    std::vector<change> out;
    for (auto& each : pieces)
      if (auto here = each.changes.find(cell); here != each.changes.end())
        for (auto& x : here->second.all())
          out.push_back(x);
    return out;
  }
  /// Returns all changes of an entity's cells on the table's own route.
  std::vector<change> own(const std::string& table) const {
    std::vector<change> out;
    for (std::uint16_t i = 0; i < shards; ++i)
      for (auto& x : of({shard_id{i}, entity_of(table)}))
        if (x.route == route_of(table, table))
          out.push_back(x);
    std::sort(out.begin(), out.end(), [](auto& a, auto& b) { return a.where < b.where; });
    return out;
  }
  /// Returns the own changes' keys and positions, each once.
  std::map<std::string, stream_position> places(const std::string& table) const {
    std::map<std::string, stream_position> out;
    for (auto& x : own(table))
      if (!out.emplace(x.key, x.where).second)
        throw std::runtime_error("a row was given twice");
    return out;
  }

  lsn confirmed_flush() { return (*must(postgres::look_at_slot(db.db(), db.slot())))->confirmed_flush; }
  /// Ends the walsender, and waits until it is gone.
  void end_walsender() {
    db.run("SELECT pg_terminate_backend(active_pid, 20000) FROM pg_replication_slots WHERE slot_name = "
           + postgres::quoted_text(db.slot()) + " AND active");
  }

  stream_database db;
  std::unique_ptr<postgres::stream_source> source;
  std::vector<taken> pieces;
};

inline cell_id cell_of(const std::string& entity, std::int64_t key) {
  return {*shard_of({value{key}}, shop_reader::shards), entity_of(entity)};
}

/// A change in short: "upsert 1".
inline std::string shown(const change& x) {
  auto kind = x.kind == change_kind::upsert     ? "upsert"
              : x.kind == change_kind::remove   ? "remove"
              : x.kind == change_kind::truncate ? "truncate"
                                                : "other";
  return x.key.empty() ? kind : std::string(kind) + " " + shown(unpack(x.key));
}
inline std::string shown(const std::vector<change>& all) {
  std::string out;
  for (auto& x : all)
    out += (out.empty() ? "" : " | ") + shown(x);
  return out;
}

} // namespace millrace::test
