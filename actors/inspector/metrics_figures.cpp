#include "actors/inspector/metric_table.hpp"
#include "actors/inspector/troubles.hpp"

#include <algorithm>

namespace millrace {

namespace {

constexpr auto gauge = prometheus::MetricType::Gauge;
constexpr auto counter = prometheus::MetricType::Counter;

/// Adds a number of each batch figure.
template <class Number>
auto of_batches(Number number) {
  return of_report([number](const node_report& x, metric_values& out) {
    for (auto& batch : x.scheduler.batches)
      out.add(static_cast<double>(number(batch)), {{"batch", batch.name}});
  });
}

void add_figures(const node_report& x, metric_values& out) {
  using enum figure_state;
  for (auto state : {live, stale, incomplete, filling, failed})
    out.add(static_cast<double>(
                std::count_if(x.figures.begin(), x.figures.end(), [&](auto& f) { return f.state == state; })),
            {{"state", to_text(state)}});
}

void add_batches(const node_report& x, metric_values& out) {
  for (auto state : {"waits", "runs", "failed"})
    out.add(static_cast<double>(std::count_if(x.scheduler.batches.begin(), x.scheduler.batches.end(),
                                              [&](auto& b) { return b.state == state; })),
            {{"state", state}});
}

void add_troubles(const node_report& x, metric_values& out) {
  for (auto& one : x.troubles)
    out.add(static_cast<double>(std::max<std::int64_t>(x.now - one.since, 0)), {{"trouble", one.id}});
}

std::vector<metric> node_metrics() {
  return {
      {{"millrace_node_info", gauge, "1", "project,node", "the node's names"},
       of_report([](auto& x, auto& out) {
         out.add(1, {{"project", x.project}, {"node", x.member.name}});
       })},
      {{"millrace_rows", gauge, "rows", "", "rows in this node's cells"},
       number_of([](auto& x) { return x.rows; })},
      {{"millrace_shards", gauge, "shards", "", "shards that this node serves"},
       number_of([](auto& x) { return x.member.shards.size(); })},
      {{"millrace_partitions", gauge, "partitions", "", "partitions that this node reads"},
       number_of([](auto& x) { return x.member.sources; })},
      {{"millrace_shard_claims_total", counter, "claims", "", "shards that this node claimed"},
       number_of([](auto& x) { return x.member.claims; })},
      {{"millrace_shard_load_seconds", gauge, "s", "", "time to load the shards of the last claim"},
       number_of([](auto& x) { return x.member.load_seconds; })},
      {{"millrace_other_nodes", gauge, "nodes", "", "other nodes that this node knows"},
       number_of([](auto& x) { return x.member.nodes.size(); })},
      {{"millrace_leader", gauge, "0 or 1", "", "this node serves shard 0"},
       number_of([](auto& x) { return x.fill.leads; })},
      {{"millrace_unserved_cells", gauge, "cells", "", "cells without a node, as the leader sees it"},
       number_of([](auto& x) { return x.fill.unserved_cells; })},
      {{"millrace_silent_actors", gauge, "actors", "",
        "parts of the node that didn't answer in time; their last values are shown"},
       number_of([](auto& x) { return x.silent.size(); })},
      {{"millrace_trouble_age_seconds", gauge, "s", "trouble",
        "how long a trouble of `status` has lasted; absent without it"},
       of_report(add_troubles)},
  };
}

std::vector<metric> batch_metrics() {
  return {
      {{"millrace_batches", gauge, "figures", "state", "batch figures in each state"},
       of_report(add_batches)},
      {{"millrace_batch_last_success_timestamp_seconds", gauge, "Unix time, s", "batch",
        "the last run that succeeded; 0: never"},
       of_batches([](auto& b) { return b.last_success; })},
      {{"millrace_batch_duration_seconds", gauge, "s", "batch", "duration of the last run"},
       of_batches([](auto& b) { return static_cast<double>(b.took_ms) / 1000; })},
      {{"millrace_batch_rows", gauge, "rows", "batch", "rows of the result that is shown"},
       of_batches([](auto& b) { return b.rows; })},
      {{"millrace_batch_missed_runs_total", counter, "runs", "batch", "runs that no node made"},
       of_batches([](auto& b) { return b.missed; })},
  };
}

} // namespace

std::vector<metric> figure_metrics() {
  std::vector<metric> out{
      {{"millrace_figures", gauge, "figures", "state", "figures in each state"}, of_report(add_figures)},
      {{"millrace_filling", gauge, "0 or 1", "", "a fill is running"},
       number_of([](auto& x) { return !x.fill.live; })},
      {{"millrace_differing_figures", gauge, "figures", "",
        "figures that the last comparison with PostgreSQL found different"},
       number_of([](auto& x) { return x.reconciliation.differing.size(); })},
      {{"millrace_last_comparison_timestamp_seconds", gauge, "Unix time, s", "",
        "end of the last comparison with PostgreSQL; 0: none"},
       number_of([](auto& x) { return x.reconciliation.ended; })},
  };
  for (auto& part : {node_metrics(), batch_metrics()})
    out.insert(out.end(), part.begin(), part.end());
  return out;
}

} // namespace millrace
