#pragma once

/// How a metric is declared: one entry has its name, its meaning and how its value is read.

#include "actors/inspector/metrics.hpp"

#include <functional>

namespace millrace {

/// Collects the values of one metric.
class metric_values {
 public:
  using labels = std::vector<prometheus::ClientMetric::Label>;

  explicit metric_values(prometheus::MetricFamily& family) : family_(family) {}

  /// Adds a value of a gauge or counter.
  void add(double value, labels of = {});

  std::size_t left_out() const { return left_out_; }

 private:
  prometheus::MetricFamily& family_;
  std::size_t left_out_ = 0;
};

struct metric {
  metric_kind kind;
  std::function<void(const metrics_input&, metric_values&)> read;
};

/// Makes a metric's reader of one that needs the node's report. Without a report, the metric has no values.
template <class Read>
auto of_report(Read read) {
  return [read](const metrics_input& x, metric_values& out) {
    if (x.report)
      read(*x.report, out);
  };
}

/// Makes a metric's reader of a function that returns one number of the node's report.
template <class Number>
auto number_of(Number number) {
  return of_report(
      [number](const node_report& x, metric_values& out) { out.add(static_cast<double>(number(x))); });
}

/// The parts of the table.
std::vector<metric> process_metrics();
std::vector<metric> stream_metrics();
std::vector<metric> figure_metrics();
std::vector<metric> surroundings_metrics();

} // namespace millrace
