#include "actors/inspector/report_json.hpp"

#include "actors/inspector/troubles.hpp"

#include <nlohmann/json.hpp>

namespace millrace {

namespace {

using json = nlohmann::json;

/// Returns the list with each item as JSON.
template <class Items, class Show>
json list_of(const Items& items, Show show) {
  json out = json::array();
  for (auto& x : items)
    out.push_back(show(x));
  return out;
}

/// The same for a map whose keys are names.
template <class Items, class Show>
json object_of(const Items& items, Show show) {
  json out = json::object();
  for (auto& [name, x] : items)
    out[name] = show(x);
  return out;
}

json to_json(const router_report& x) {
  auto partition = [](auto& p) {
    return json{{"topic", p.topic},
                {"partition", p.partition},
                {"read", p.read},
                {"durable", p.durable},
                {"paused", p.paused}};
  };
  return {{"records", x.records},
          {"lag_ms", x.lag_ms},
          {"own_lag_ms", x.own_lag_ms},
          {"waiting_bytes", x.waiting_bytes},
          {"batches_sent_again", x.batches_sent_again},
          {"seeks", x.seeks},
          {"dead_letters", x.dead_letters},
          {"sources", list_of(x.sources, partition)}};
}

json findings_of(const writer_report& x) {
  return {{"findings", list_of(x.findings, [](auto& f) {
             return json{{"severity", f.refuses ? "refuse" : "warn"}, {"what", f.what}};
           })}};
}

json to_json(const writer_report& x) {
  return {{"flushes", x.flushes},
          {"commands", x.commands},
          {"last_flush", x.last_flush},
          {"failed", x.failed},
          {"trouble", x.trouble.empty() ? json() : json{{"what", x.trouble}, {"since", x.trouble_since}}},
          {"server", findings_of(x)},
          {"busy", x.busy},
          {"interval_ms", x.interval_ms}};
}

json to_json(const slot_report& x) {
  json out{{"trouble", x.trouble}, {"still_ms", x.still_ms}};
  if (x.known)
    out.update({{"exists", x.exists},
                {"read", x.read},
                {"active", x.active},
                {"retained_wal_bytes", x.retained_wal_bytes},
                {"confirmed_flush", x.confirmed_flush}});
  return out;
}

json to_json(const surroundings_report& x) {
  auto doubt = [](auto& d) { return json{{"reason", d.reason}, {"remedy", d.remedy}, {"since", d.since}}; };
  json out{{"slot", to_json(x.slot)},
           {"encoding", x.encoding},
           {"doubts", object_of(x.doubts, doubt)},
           {"open_dead_letters", x.open_dead_letters},
           {"unknown_tables", x.unknown_tables}};
  if (auto& c = x.connector; !c.state.empty())
    out["connector"] = {
        {"state", c.state}, {"task", c.task}, {"trouble", c.trouble}, {"restarts", c.restarts}};
  if (!x.kafka_trouble.empty())
    out["kafka"] = {{"trouble", x.kafka_trouble}, {"trouble_ms", x.kafka_trouble_ms}};
  return out;
}

json to_json(const fill_report& x) {
  json out{{"phase", x.live ? "live" : "filling"},
           {"reason", x.reason},
           {"trouble", x.trouble},
           {"leads", x.leads},
           {"unserved_cells", x.unserved_cells},
           {"stage", x.stage},
           {"surroundings", to_json(x.surroundings)}};
  if (!x.filling.empty())
    out["filling"] = x.filling;
  if (!x.unreadable.empty())
    out["unreadable"] = x.unreadable;
  return out;
}

json to_json(const member_report& x) {
  auto peer = [](auto& p) {
    return json{{"address", p.address}, {"cells", p.cells}, {"trouble", p.trouble}};
  };
  return {{"name", x.name},       {"address", x.address},
          {"shards", x.shards},   {"sources", x.sources},
          {"claims", x.claims},   {"nodes", object_of(x.nodes, peer)},
          {"trouble", x.trouble}, {"load_seconds", x.load_seconds}};
}

json to_json(const batch_report& x) {
  json out{{"name", x.name},         {"state", x.state}, {"next", x.next}, {"last_success", x.last_success},
           {"snapshot", x.snapshot}, {"run", x.run},     {"rows", x.rows}, {"took_ms", x.took_ms},
           {"missed", x.missed}};
  if (!x.why.empty())
    out.update({{"why", x.why}, {"since", x.since}});
  return out;
}

json to_json(const scheduler_report& x) {
  return {{"leads", x.leads},
          {"trouble", x.trouble},
          {"batches", list_of(x.batches, [](auto& b) { return to_json(b); })}};
}

json to_json(const receiver_report& x) {
  json out{{"name", x.name},         {"server", x.server},   {"position", x.position},
           {"waiting", x.waiting},   {"lag_s", x.lag_s},     {"sent", x.sent},
           {"silenced", x.silenced}, {"refused", x.refused}, {"lost", x.lost}};
  if (!x.trouble.empty())
    out.update({{"trouble", x.trouble}, {"since", x.since}, {"next", x.next}});
  if (!x.refusal.empty())
    out["refusal"] = x.refusal;
  return out;
}

json to_json(const sender_report& x) {
  return {{"leads", x.leads}, {"receivers", list_of(x.receivers, [](auto& r) { return to_json(r); })}};
}

json to_json(const reconciliation_report& x) {
  json out{{"leads", x.leads},   {"interval_s", x.interval_s}, {"running", x.running},
           {"next", x.next},     {"ended", x.ended},           {"took_s", x.took_s},
           {"result", x.result}, {"differing", x.differing},   {"since", x.since}};
  if (!x.why.empty())
    out["why"] = x.why;
  return out;
}

json to_json(const figure_report& x) {
  json out{{"name", x.name}, {"state", to_text(x.state)}};
  if (x.state != figure_state::live)
    out.update({{"why", x.why}, {"since", x.since}});
  return out;
}

} // namespace

json to_json(const trouble_report& x, std::int64_t now) {
  return {{"id", x.id}, {"what", x.what}, {"why", x.why}, {"since", x.since}, {"line", in_a_line(x, now)}};
}

json to_json(const node_report& x) {
  return {{"project", x.project},
          {"phase", x.fill.live ? "live" : "filling"},
          {"figures", list_of(x.figures, [](auto& f) { return to_json(f); })},
          {"events", x.router.records},
          {"events_per_second", x.events_per_second},
          {"lag_ms", x.router.lag_ms},
          {"rows", x.rows},
          {"unknown_tables", x.fill.surroundings.unknown_tables},
          {"last_flush", x.writer.last_flush},
          {"router", to_json(x.router)},
          {"redis", findings_of(x.writer)},
          {"writer", to_json(x.writer)},
          {"cluster", to_json(x.fill)},
          {"member", to_json(x.member)},
          {"scheduler", to_json(x.scheduler)},
          {"reconciliation", to_json(x.reconciliation)},
          {"alert_sender", to_json(x.sender)},
          {"silent", list_of(x.silent, [](auto& s) { return json(s.who); })},
          {"troubles", list_of(x.troubles, [&](auto& t) { return to_json(t, x.now); })}};
}

} // namespace millrace
