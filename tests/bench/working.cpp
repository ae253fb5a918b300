/// The node's own work without its servers: records that lie in memory are
/// decoded, routed, delivered, folded, and packed for Redis, in one thread.
/// Made to be run under a profiler.

#include "actors/cdc_router/delivery_window.hpp"
#include "actors/cell/cell.hpp"
#include "actors/redis/pack.hpp"
#include "actors/sources/debezium/intake.hpp"
#include "tests/bench/bench.hpp"

#include <memory>
#include <set>

namespace millrace::bench {

namespace {

/// Records of one partition, as a poll gives them.
struct stored_batch {
  std::size_t source = 0;
  kafka::record_batch batch;
};

/// Keeps a batch's bytes beyond the poll.
kafka::record_batch kept(const kafka::record_batch& from) {
  auto out = from;
  for (auto& record : out.records) {
    auto bytes = std::make_shared<std::pair<std::string, std::string>>(record.key.value_or(""),
                                                                       record.payload.value_or(""));
    if (record.key)
      record.key = bytes->first;
    if (record.payload)
      record.payload = bytes->second;
    record.hold = bytes;
    record.raw = nullptr;
  }
  return out;
}

/// One node's router and cells, called instead of told.
class workshop {
 public:
  workshop(const settings& how, const plan_set& plans, const topics& from, bool live)
      : plans_(plans), packed_(redis::pack_plans(plans)) {
    std::map<std::string, table_id> tables;
    for (std::uint16_t i = 0; i < plans.tables.size(); ++i)
      tables[how.topic_prefix + "." + plans.tables[i].table.schema + "." + plans.tables[i].table.name] =
          table_id{i};
    delivery_backend backend;
    backend.transmit = [this](const change_batch& x) { offer(x); };
    backend.seek = [](source_id, stream_position) { throw failure("a seek, where nothing is lost"); };
    window_ = std::make_unique<delivery_window>(std::move(backend), std::size_t{1} << 30);
    for (auto& source : from.sources) {
      auto table = tables.at(source.topic);
      sources_.push_back(kafka::source_of(table, source.partition));
      auto& intake = intakes_.try_emplace(table, plans, table, how.shards).first->second;
      for (auto id : intake.cells()) {
        window_->open(sources_.back(), id, nowhere);
        auto [at, fresh] = cells_.try_emplace(id, cell_settings{&plans, plans.fingerprint(), "staging:"}, id);
        if (fresh) {
          if (!at->second.load({id, "owner", 0, 0, {}, {}}))
            throw failure("an empty cell can't be loaded");
          if (live)
            at->second.publish(tick_seconds{1});
        }
      }
    }
  }

  void take(const stored_batch& x) {
    auto source = sources_[x.source];
    auto taken = intakes_.at(kafka::table_of(source)).take(x.batch, true, at_);
    records_ += taken.records;
    window_->deliver(source, std::move(taken.changes), taken.last, taken.seen);
  }

  /// One flush of all dirty cells; Redis is a sink.
  void flush() {
    std::vector<cell_flush> flight;
    for (auto id : std::exchange(dirty_, {}))
      flight.push_back(cells_.at(id).collect(now_));
    for (auto& arg : redis::pack_flush(flight, now_, packed_))
      bytes_ += arg.size();
    for (auto& x : flight)
      window_->on_durable({x.cell, cells_.at(x.cell).flushed()});
    now_.value += 1;
  }

  std::int64_t records() const { return records_; }
  std::size_t bytes() const { return bytes_; }

 private:
  void offer(const change_batch& x) {
    auto& to = cells_.at(x.cell);
    if (to.offer(x, now_))
      throw failure("a gap, where nothing is lost");
    dirty_.insert(x.cell);
  }

  const plan_set& plans_;
  redis::packed_plans packed_;
  std::unique_ptr<delivery_window> window_;
  std::vector<source_id> sources_;
  std::map<table_id, table_intake> intakes_;
  std::map<cell_id, cell> cells_;
  std::set<cell_id> dirty_;
  kafka::last_record at_; ///< remembers nothing
  tick_seconds now_{1'000'000};
  std::int64_t records_ = 0;
  std::size_t bytes_ = 0;
};

} // namespace

nlohmann::json work(const settings& how, bool live, std::int64_t flush_records) {
  auto plans = plans_of(how);
  auto from = topics_of(how, plans, false);
  std::vector<stored_batch> batches;
  read_all(how, from, [&](std::size_t source, const kafka::record_batch& batch) {
    batches.push_back({source, kept(batch)});
  });
  workshop node(how, plans, from, live);
  meter cost;
  cost.begin();
  std::int64_t flushed = 0;
  for (auto& x : batches) {
    node.take(x);
    if (node.records() - flushed >= flush_records) {
      node.flush();
      flushed = node.records();
    }
  }
  node.flush();
  auto out = cost.end(node.records());
  out["bytes_to_redis"] = node.bytes();
  return out;
}

} // namespace millrace::bench
