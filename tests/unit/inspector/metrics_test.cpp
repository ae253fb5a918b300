#define CAF_SUITE inspector.metrics
#include "actors/inspector/metrics.hpp"

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <set>
#include <sstream>

#include "caf/test/unit_test.hpp"

using namespace millrace;

namespace {

/// A node that has something to tell of everything.
node_report full() {
  using enum figure_state;
  node_report x;
  x.project = "shop";
  x.now = 10'000;
  x.rows = 42;
  x.router.records = 7;
  x.router.lag_ms = 250;
  x.router.dead_letters = {{"public.orders", 3}};
  x.router.sources = {{"shop.orders", 2, 12, 10, true}};
  x.writer.trouble = "connection refused";
  x.writer.interval_ms = 50;
  x.fill.live = true;
  x.fill.surroundings.open_dead_letters = {{"public.orders", 2}};
  x.fill.surroundings.unknown_tables = {{"public.a", 2}, {"public.b", 3}};
  x.fill.surroundings.slot.known = true;
  x.fill.surroundings.slot.retained_wal_bytes = 4096;
  x.fill.surroundings.connector = {"RUNNING", "FAILED", "", 4};
  x.member.name = "node-1";
  x.member.shards = {0, 1};
  x.scheduler.batches = {{"daily", "failed", "", 0, 0, 9'000, "", 3, 5, 1'500, 2}};
  x.figures = {{"a", live, "", 0}, {"b", live, "", 0}, {"c", stale, "", 0}};
  x.troubles = {{"redis", "Redis takes no results", "", 9'940}};
  x.silent = {{"cluster", 9'990}};
  return x;
}

metrics_input input_of(std::optional<node_report> report) {
  return {std::move(report), true, false, {}, {"1.2", "abc"}};
}

std::string text_of(std::optional<node_report> report) { return metrics_text(input_of(std::move(report))); }

bool has(const std::string& text, const std::string& line) {
  return ("\n" + text).find("\n" + line + "\n") != std::string::npos;
}

std::size_t series_of(const std::vector<prometheus::MetricFamily>& all, const std::string& name) {
  auto x = std::find_if(all.begin(), all.end(), [&](auto& one) { return one.name == name; });
  return x == all.end() ? 0 : x->metric.size();
}

} // namespace

CAF_TEST(values have their units and labels) {
  auto text = text_of(full());
  for (auto line : {R"(millrace_build_info{version="1.2",commit="abc"} 1)",
                    "millrace_healthy 1",
                    "millrace_ready 0",
                    "millrace_records_total 7",
                    "millrace_lag_seconds 0.25",
                    R"(millrace_dead_letters_total{table="public.orders"} 3)",
                    R"(millrace_dead_letters_open{table="public.orders"} 2)",
                    R"(millrace_partition_read_offset{topic="shop.orders",partition="2"} 12)",
                    R"(millrace_partition_durable_offset{topic="shop.orders",partition="2"} 10)",
                    R"(millrace_partition_paused{topic="shop.orders",partition="2"} 1)",
                    "millrace_redis_trouble 1",
                    "millrace_flush_interval_seconds 0.05",
                    R"(millrace_figures{state="live"} 2)",
                    R"(millrace_figures{state="stale"} 1)",
                    R"(millrace_figures{state="failed"} 0)",
                    "millrace_filling 0",
                    R"(millrace_node_info{project="shop",node="node-1"} 1)",
                    "millrace_rows 42",
                    "millrace_shards 2",
                    R"(millrace_trouble_age_seconds{trouble="redis"} 60)",
                    "millrace_silent_actors 1",
                    R"(millrace_batches{state="failed"} 1)",
                    R"(millrace_batches{state="runs"} 0)",
                    R"(millrace_batch_last_success_timestamp_seconds{batch="daily"} 9000)",
                    R"(millrace_batch_duration_seconds{batch="daily"} 1.5)",
                    R"(millrace_batch_missed_runs_total{batch="daily"} 2)",
                    "millrace_unknown_table_records 5",
                    "millrace_slot_retained_wal_bytes 4096",
                    "millrace_connector_running 0",
                    "millrace_connector_restarts_total 4",
                    "# TYPE millrace_records_total counter",

                    "# TYPE millrace_rows gauge"})
    CAF_CHECK_EQUAL(has(text, line) ? "" : line, std::string{});
}

CAF_TEST(a node that starts tells of its process alone) {
  auto all = families_of(input_of(std::nullopt));
  CAF_CHECK_EQUAL(series_of(all, "millrace_ready"), 1u);
  CAF_CHECK_EQUAL(series_of(all, "process_resident_memory_bytes"), 1u);
  CAF_CHECK_EQUAL(series_of(all, "millrace_rows"), 0u);
}

CAF_TEST(what a follower does not ask is absent) {
  auto all = families_of(input_of(node_report{}));
  CAF_CHECK_EQUAL(series_of(all, "millrace_slot_exists"), 0u);
  CAF_CHECK_EQUAL(series_of(all, "millrace_connector_running"), 0u);
  CAF_CHECK_EQUAL(series_of(all, "millrace_rows"), 1u);
}

CAF_TEST(a metric has a bounded number of series and tells how many are left out) {
  auto x = full();
  x.router.sources.assign(most_series + 5, {"shop.orders", 0, 1, 1, false});
  for (std::size_t i = 0; i <= most_series; ++i)
    x.router.dead_letters["table" + std::to_string(i)] = 1;
  auto all = families_of(input_of(x));
  CAF_CHECK_EQUAL(series_of(all, "millrace_partition_read_offset"), most_series);
  CAF_CHECK_EQUAL(series_of(all, "millrace_dead_letters_total"), most_series);
  CAF_CHECK_EQUAL(all.back().name, "millrace_series_left_out");
  CAF_CHECK_EQUAL(all.back().metric.front().gauge.value, 3 * 5.0 + 2.0);
}

CAF_TEST(names follow the rules of Prometheus) {
  std::set<std::string> seen;
  for (auto& x : metric_kinds()) {
    CAF_CHECK(seen.insert(x.name).second);
    CAF_CHECK(x.name.starts_with("millrace_") || x.name.starts_with("process_"));
    CAF_CHECK_EQUAL(x.name.ends_with("_total"), x.type == prometheus::MetricType::Counter);
    CAF_CHECK_EQUAL(x.name.ends_with("_seconds") || x.name.ends_with("_seconds_total"),
                    x.unit == "s" || x.unit == "Unix time, s");
    CAF_CHECK_EQUAL(x.name.ends_with("_bytes"), x.unit == "bytes");
    CAF_CHECK(!x.meaning.empty());
  }
}

CAF_TEST(every metric has a value on a node that has everything) {
  auto all = families_of(input_of(full()));
  for (auto& x : metric_kinds())
    CAF_CHECK_EQUAL(series_of(all, x.name) > 0 ? "" : x.name, std::string{});
}

// To write the table into the document: MILLRACE_WRITE_METRICS=1 build/release/unit_inspector -s
// inspector.metrics
CAF_TEST(the document has the table of the code) {
  const auto* file = "docs/metrics.md";
  std::ifstream in(file);
  std::stringstream read;
  read << in.rdbuf();
  auto text = read.str(), table = metrics_table();
  auto begin = text.find("| metric |");
  auto end = text.find("\n\n", begin);
  CAF_REQUIRE(begin != std::string::npos && end != std::string::npos);
  auto told = text.substr(begin, end + 1 - begin);
  if (std::getenv("MILLRACE_WRITE_METRICS"))
    std::ofstream(file) << text.substr(0, begin) << table << text.substr(end + 1);
  else
    CAF_CHECK_EQUAL(told, table);
}
