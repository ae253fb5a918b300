#include "actors/inspector/stillness.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>

namespace millrace {

namespace {

using json = nlohmann::json;
using std::chrono::seconds;

json part(const json& of, const char* name) {
  auto x = of.is_object() ? of.value(name, json::object()) : json::object();
  return x.is_object() ? x : json::object();
}

seconds lasted(const json& of, const char* name) {
  return std::chrono::duration_cast<seconds>(std::chrono::milliseconds{of.value(name, std::int64_t{0})});
}

/// What is known to keep changes between PostgreSQL and Kafka back.
std::string source_cause(const json& around, const json& slot) {
  if (auto trouble = slot.value("trouble", ""); !trouble.empty())
    return trouble;
  if (auto trouble = connector_trouble(around); !trouble.empty())
    return trouble;
  return slot.contains("active") && !slot.value("active", true)
             ? "nobody reads the replication slot: see `millrace connector status`"
             : "";
}

} // namespace

std::string connector_trouble(const json& around) {
  auto connector = part(around, "connector");
  auto state = connector.value("state", "RUNNING"), task = connector.value("task", "RUNNING");
  if (state == "RUNNING" && task == "RUNNING")
    return {};
  auto why = connector.value("trouble", "");
  if (state == "unknown")
    return why;
  if (state == "absent")
    return why + ": run `millrace connector register`";
  auto& what = state == "RUNNING" ? task : state;
  auto rests = what == "FAILED" || what == "PAUSED" || what == "STOPPED";
  return (state == "RUNNING" ? "the connector's task is " : "the connector is ") + what
         + (why.empty() ? "" : " (" + why + ")")
         + (rests ? ": run `millrace connector restart`" : ": if it stays, see `millrace connector status`");
}

stillness stillness_of(const json& around, seconds idle, seconds bound) {
  auto slot = part(around, "slot"), kafka = part(around, "kafka");
  stillness out;
  out.cause = source_cause(around, slot);
  // A long transaction is read for minutes before the slot is confirmed: its records come meanwhile.
  out.still = std::min(lasted(slot, "still_ms"), idle);
  out.stale = out.still >= (out.cause.empty() ? std::max(bound, longest_without_confirmation) : bound);
  if (out.stale && out.cause.empty())
    out.cause = "the replication slot isn't confirmed further: see `millrace connector status`";
  auto away = std::min(lasted(kafka, "trouble_ms"), idle);
  if (out.stale || away < bound)
    return out;
  return {kafka.value("trouble", ""), away, true};
}

} // namespace millrace
