#include "actors/inspector/metric_table.hpp"

namespace millrace {

namespace {

constexpr auto gauge = prometheus::MetricType::Gauge;
constexpr auto counter = prometheus::MetricType::Counter;

/// Adds a number of the replication slot, once PostgreSQL has answered. A follower doesn't ask.
template <class Number>
auto of_slot(Number number) {
  return of_report([number](const node_report& x, metric_values& out) {
    if (auto& slot = x.fill.surroundings.slot; slot.known)
      out.add(static_cast<double>(number(slot)));
  });
}

/// Adds a number of the connector, if this node watches it.
template <class Number>
auto of_connector(Number number) {
  return of_report([number](const node_report& x, metric_values& out) {
    if (auto& connector = x.fill.surroundings.connector; !connector.state.empty())
      out.add(static_cast<double>(number(connector)));
  });
}

double total(const std::map<std::string, std::int64_t>& counts) {
  double out = 0;
  for (auto& [name, count] : counts)
    out += static_cast<double>(count);
  return out;
}

} // namespace

std::vector<metric> surroundings_metrics() {
  return {
      {{"millrace_dead_letters_open", gauge, "records", "table", "dead letters that aren't closed"},
       of_report([](auto& x, auto& out) {
         for (auto& [table, count] : x.fill.surroundings.open_dead_letters)
           out.add(static_cast<double>(count), {{"table", table}});
       })},
      {{"millrace_doubts", gauge, "tables", "", "tables that may have changed without records"},
       number_of([](auto& x) { return x.fill.surroundings.doubts.size(); })},
      {{"millrace_unreadable_tables", gauge, "tables", "", "tables that the fill can't read"},
       number_of([](auto& x) { return x.fill.unreadable.size(); })},
      {{"millrace_unknown_table_records", gauge, "records", "", "records of tables that no figure reads"},
       number_of([](auto& x) { return total(x.fill.surroundings.unknown_tables); })},
      {{"millrace_slot_exists", gauge, "0 or 1", "", "the replication slot exists"},
       of_slot([](auto& x) { return x.exists; })},
      {{"millrace_slot_active", gauge, "0 or 1", "", "a client is connected to the slot"},
       of_slot([](auto& x) { return x.active; })},
      {{"millrace_slot_retained_wal_bytes", gauge, "bytes", "", "WAL that PostgreSQL keeps for the slot"},
       of_slot([](auto& x) { return x.retained_wal_bytes; })},
      {{"millrace_slot_confirmation_age_seconds", gauge, "s", "",
        "time since the slot's confirmed position last moved"},
       of_slot([](auto& x) { return static_cast<double>(x.still_ms) / 1000; })},
      {{"millrace_connector_running", gauge, "0 or 1", "", "the connector and its task are RUNNING"},
       of_connector([](auto& x) { return x.state == "RUNNING" && x.task == "RUNNING"; })},
      {{"millrace_connector_restarts_total", counter, "restarts", "",
        "restarts of the connector by this node"},
       of_connector([](auto& x) { return x.restarts; })},
      {{"millrace_kafka_trouble_seconds", gauge, "s", "", "how long Kafka hasn't answered; 0: it answers"},
       number_of([](auto& x) {
         auto& around = x.fill.surroundings;
         return around.kafka_trouble.empty() ? 0.0 : static_cast<double>(around.kafka_trouble_ms) / 1000;
       })},
  };
}

} // namespace millrace
