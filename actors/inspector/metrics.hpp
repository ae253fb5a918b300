#pragma once

/// A node's metrics for Prometheus, made from its report. Pure. docs/metrics.md lists them, and a unit test
/// compares it with the table here.
///
/// The number of series is bounded: labels are tables, partitions, batch figures and fixed words, never keys
/// or values of rows. A family has `most_series` at most. The rest is left out, and counted in
/// millrace_series_left_out.

#include "actors/inspector/build_report.hpp"
#include "actors/inspector/process_report.hpp"
#include "messages/reports.hpp"

#include <prometheus/metric_family.h>

#include <optional>
#include <string>
#include <vector>

namespace millrace {

constexpr std::size_t most_series = 1000;

/// What a scrape shows.
struct metrics_input {
  std::optional<node_report> report; ///< none: the node is starting, or doesn't answer
  bool healthy = false, ready = false;
  process_report process;
  build_report build;
};

/// A line of docs/metrics.md.
struct metric_kind {
  std::string name;
  prometheus::MetricType type;
  std::string unit;
  std::string labels; ///< separated by commas; empty: none
  std::string meaning;
};

/// Returns every metric that a node can have.
std::vector<metric_kind> metric_kinds();

/// Returns the metrics, in the order of metric_kinds(). One without values is absent.
std::vector<prometheus::MetricFamily> families_of(const metrics_input& x);

/// Returns the body of GET /metrics, in Prometheus's text format 0.0.4.
std::string metrics_text(const metrics_input& x);

/// Returns the table of docs/metrics.md.
std::string metrics_table();

} // namespace millrace
