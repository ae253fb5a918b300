#include "actors/inspector/metric_table.hpp"

namespace millrace {

namespace {

constexpr auto gauge = prometheus::MetricType::Gauge;
constexpr auto counter = prometheus::MetricType::Counter;

double seconds(std::int64_t ms) { return static_cast<double>(ms) / 1000; }

/// Adds a number of each partition that the node reads.
template <class Number>
auto of_partitions(Number number) {
  return of_report([number](const node_report& x, metric_values& out) {
    for (auto& p : x.router.sources)
      out.add(static_cast<double>(number(p)),
              {{"topic", p.topic}, {"partition", std::to_string(p.partition)}});
  });
}

std::vector<metric> router_metrics() {
  return {
      {{"millrace_records_total", counter, "records", "", "change records read from Kafka"},
       number_of([](auto& x) { return x.router.records; })},
      {{"millrace_lag_seconds", gauge, "s", "",
        "newest lag, from the commit in PostgreSQL to the flush in Redis; an idle node keeps its last value"},
       number_of([](auto& x) { return seconds(x.router.lag_ms); })},
      {{"millrace_own_lag_seconds", gauge, "s", "", "its part after the record was read from Kafka"},
       number_of([](auto& x) { return seconds(x.router.own_lag_ms); })},
      {{"millrace_send_buffer_bytes", gauge, "bytes", "", "batches that no cell has acknowledged"},
       number_of([](auto& x) { return x.router.waiting_bytes; })},
      {{"millrace_batches_sent_again_total", counter, "batches", "", "batches that the router sent again"},
       number_of([](auto& x) { return x.router.batches_sent_again; })},
      {{"millrace_seeks_total", counter, "seeks", "", "times the router went back in a partition"},
       number_of([](auto& x) { return x.router.seeks; })},
      {{"millrace_dead_letters_total", counter, "records", "table", "records sent to the dead letters"},
       of_report([](auto& x, auto& out) {
         for (auto& [table, count] : x.router.dead_letters)
           out.add(static_cast<double>(count), {{"table", table}});
       })},
      {{"millrace_partition_read_offset", gauge, "offset", "topic,partition",
        "the newest record read; -1: none"},
       of_partitions([](auto& p) { return p.read; })},
      {{"millrace_partition_durable_offset", gauge, "offset", "topic,partition",
        "up to here all cells are durable; -1: nowhere"},
       of_partitions([](auto& p) { return p.durable; })},
      {{"millrace_partition_paused", gauge, "0 or 1", "topic,partition", "a cell has no credit left"},
       of_partitions([](auto& p) { return p.paused; })},
  };
}

std::vector<metric> writer_metrics() {
  return {
      {{"millrace_flushes_total", counter, "flushes", "", "flushes to Redis"},
       number_of([](auto& x) { return x.writer.flushes; })},
      {{"millrace_redis_commands_total", counter, "commands", "", "commands that wrote places"},
       number_of([](auto& x) { return x.writer.commands; })},
      {{"millrace_last_flush_timestamp_seconds", gauge, "Unix time, s", "", "the last flush; 0: none"},
       number_of([](auto& x) { return x.writer.last_flush; })},
      {{"millrace_flush_interval_seconds", gauge, "s", "", "wait for more changes before a flush"},
       number_of([](auto& x) { return seconds(x.writer.interval_ms); })},
      {{"millrace_redis_trouble", gauge, "0 or 1", "", "Redis takes no results"},
       number_of([](auto& x) { return !x.writer.trouble.empty(); })},
      {{"millrace_redis_findings", gauge, "findings", "",
        "settings of the Redis server that `status` warns of"},
       number_of([](auto& x) { return x.writer.findings.size(); })},
  };
}

} // namespace

std::vector<metric> stream_metrics() {
  auto out = router_metrics();
  for (auto& x : writer_metrics())
    out.push_back(x);
  return out;
}

} // namespace millrace
