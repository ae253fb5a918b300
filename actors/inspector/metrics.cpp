#include "actors/inspector/metrics.hpp"

#include "actors/inspector/metric_table.hpp"

#include <prometheus/text_serializer.h>

namespace millrace {

namespace {

using prometheus::MetricType;

const std::vector<metric>& all_metrics() {
  static const std::vector<metric> all = [] {
    std::vector<metric> out;
    for (auto& part : {process_metrics(), stream_metrics(), figure_metrics(), surroundings_metrics()})
      out.insert(out.end(), part.begin(), part.end());
    return out;
  }();
  return all;
}

/// The only metric about the others, so it comes after them.
const metric_kind left_out{"millrace_series_left_out", MetricType::Gauge, "series", "",
                           "series that aren't shown, because their metric has more than "
                               + std::to_string(most_series)};

std::string in_words(MetricType x) { return x == MetricType::Counter ? "counter" : "gauge"; }

std::string row_of(const metric_kind& x) {
  std::string labels;
  for (auto& letter : x.labels)
    labels += letter == ',' ? "`, `" : std::string(1, letter);
  return "| `" + x.name + "` | " + in_words(x.type) + " | " + x.unit + " | "
         + (labels.empty() ? "" : "`" + labels + "`") + " | " + x.meaning + " |\n";
}

} // namespace

void metric_values::add(double value, labels of) {
  if (family_.metric.size() >= most_series) {
    ++left_out_;
    return;
  }
  auto& out = family_.metric.emplace_back();
  out.label = std::move(of);
  (family_.type == MetricType::Counter ? out.counter.value : out.gauge.value) = value;
}

std::vector<metric_kind> metric_kinds() {
  std::vector<metric_kind> out;
  for (auto& x : all_metrics())
    out.push_back(x.kind);
  out.push_back(left_out);
  return out;
}

std::vector<prometheus::MetricFamily> families_of(const metrics_input& x) {
  std::vector<prometheus::MetricFamily> out;
  std::size_t missing = 0;
  for (auto& one : all_metrics()) {
    prometheus::MetricFamily family{one.kind.name, one.kind.meaning, one.kind.type, {}};
    metric_values values(family);
    one.read(x, values);
    missing += values.left_out();
    if (!family.metric.empty())
      out.push_back(std::move(family));
  }
  prometheus::MetricFamily last{left_out.name, left_out.meaning, left_out.type, {}};
  metric_values(last).add(static_cast<double>(missing));
  out.push_back(std::move(last));
  return out;
}

std::string metrics_text(const metrics_input& x) {
  return prometheus::TextSerializer().Serialize(families_of(x));
}

std::string metrics_table() {
  std::string out = "| metric | type | unit | labels | meaning |\n|---|---|---|---|---|\n";
  for (auto& x : metric_kinds())
    out += row_of(x);
  return out;
}

} // namespace millrace
