#include "actors/inspector/stillness.hpp"

#include <algorithm>

namespace millrace {

namespace {

using std::chrono::seconds;

seconds in_seconds(std::int64_t ms) {
  return std::chrono::duration_cast<seconds>(std::chrono::milliseconds{ms});
}

/// Returns the known reason why changes don't get from PostgreSQL to Kafka. Without Kafka, the connector
/// fails and nobody reads the slot, so Kafka is the reason.
std::string source_cause(const surroundings_report& around) {
  if (!around.kafka_trouble.empty())
    return around.kafka_trouble;
  if (!around.slot.trouble.empty())
    return around.slot.trouble;
  if (auto trouble = connector_trouble(around.connector); !trouble.empty())
    return trouble;
  return around.slot.known && !around.slot.active
             ? "no process reads the replication slot: see `millrace connector status`"
             : "";
}

} // namespace

std::string connector_trouble(const connector_report& x) {
  if (x.state.empty() || (x.state == "RUNNING" && x.task == "RUNNING"))
    return {};
  if (x.state == "unknown")
    return x.trouble;
  if (x.state == "absent")
    return x.trouble + ": run `millrace connector register`";
  auto& what = x.state == "RUNNING" ? x.task : x.state;
  auto rests = what == "FAILED" || what == "PAUSED" || what == "STOPPED";
  return (x.state == "RUNNING" ? "the connector's task is " : "the connector is ") + what
         + (x.trouble.empty() ? "" : " (" + x.trouble + ")")
         + (rests ? ": run `millrace connector restart`" : ": if it stays, see `millrace connector status`");
}

stillness stillness_of(const surroundings_report& around, seconds idle, seconds bound) {
  stillness out;
  out.cause = source_cause(around);
  // Debezium can read a long transaction for minutes before it confirms the slot, but its records
  // come meanwhile.
  out.still = std::min(in_seconds(around.slot.still_ms), idle);
  out.stale = out.still >= (out.cause.empty() ? std::max(bound, longest_without_confirmation) : bound);
  if (out.stale && out.cause.empty())
    out.cause = "the replication slot isn't confirmed further: see `millrace connector status`";
  auto away = std::min(in_seconds(around.kafka_trouble_ms), idle);
  if (out.stale || away < bound)
    return out;
  return {around.kafka_trouble, away, true};
}

} // namespace millrace
