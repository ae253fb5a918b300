#include "actors/inspector/metric_table.hpp"

namespace millrace {

namespace {

constexpr auto gauge = prometheus::MetricType::Gauge;
constexpr auto counter = prometheus::MetricType::Counter;

/// A count of the process, under the name that Prometheus's client libraries give it.
metric of_process(std::string name, prometheus::MetricType type, std::string unit, std::string meaning,
                  double process_report::*count) {
  return {{std::move(name), type, std::move(unit), "", std::move(meaning)},
          [count](auto& x, auto& out) { out.add(x.process.*count); }};
}

} // namespace

std::vector<metric> process_metrics() {
  using process = process_report;
  return {
      {{"millrace_build_info", gauge, "1", "version,commit", "what was built"},
       [](auto& x, auto& out) {
         out.add(1, {{"version", x.build.version}, {"commit", x.build.commit}});
       }},
      {{"millrace_healthy", gauge, "0 or 1", "", "as `/healthz`: no actor has been silent for 5 min"},
       [](auto& x, auto& out) { out.add(x.healthy); }},
      {{"millrace_ready", gauge, "0 or 1", "",
        "as `/readyz`: connected, with its shards, and the lag is short"},
       [](auto& x, auto& out) { out.add(x.ready); }},
      of_process("process_cpu_seconds_total", counter, "s", "CPU time, user and system",
                 &process::cpu_seconds),
      of_process("process_resident_memory_bytes", gauge, "bytes", "resident memory",
                 &process::resident_bytes),
      of_process("process_virtual_memory_bytes", gauge, "bytes", "reserved addresses",
                 &process::virtual_bytes),
      of_process("process_open_fds", gauge, "fds", "open file descriptors", &process::open_fds),
      of_process("process_max_fds", gauge, "fds", "limit of open file descriptors", &process::max_fds),
      of_process("process_threads", gauge, "threads", "threads of the process", &process::threads),
      of_process("process_start_time_seconds", gauge, "Unix time, s", "start of the process",
                 &process::start_time),
  };
}

} // namespace millrace
