#include "actors/inspector/status.hpp"

#include "actors/inspector/stillness.hpp"
#include "actors/inspector/troubles.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>

namespace millrace {

namespace {

using json = nlohmann::json;

json part(const std::string& text) {
  auto x = json::parse(text, nullptr, false);
  return x.is_object() ? x : json::object();
}

/// Returns the tables that have dead letters nobody has resolved, or whose rows may have
/// changed without records, each with why figures over it are incomplete.
std::map<std::string, std::string> lacking_tables(const json& cluster) {
  std::map<std::string, std::string> out;
  auto around = cluster.value("surroundings", json::object());
  if (!around.is_object())
    return out;
  auto letters = around.value("open_dead_letters", json::object()),
       doubts = around.value("doubts", json::object());
  for (auto& [table, count] : letters.items())
    if (count.get<std::int64_t>() > 0)
      out[table] = std::to_string(count.get<std::int64_t>()) + " dead letters of " + table + " are open";
  for (auto& [table, why] : out)
    if (!doubts.contains(table))
      why += ". Mend it by: millrace dead-letters replay all";
  for (auto& [table, x] : doubts.items()) {
    auto& why = out[table]; // a table that is read again needs its letters no more
    why += (why.empty() ? "" : "; ") + x.value("reason", "") + ". Mend it by: " + x.value("remedy", "");
  }
  return out;
}

/// Returns the records of tables that no figure reads, by table.
json unknown_tables(const json& cluster) {
  auto around = cluster.value("surroundings", json::object());
  return around.is_object() ? around.value("unknown_tables", json::object()) : json::object();
}

/// Where figures have changed only those named fill.
bool fills(const std::string& name, const json& cluster) {
  if (cluster.value("phase", "filling") == "live")
    return false;
  auto some = cluster.value("filling", json::array());
  return some.empty() || std::find(some.begin(), some.end(), name) != some.end();
}

/// Returns why figures over these tables are incomplete; empty: they aren't.
std::string lacking(const std::vector<std::string>& tables, const std::map<std::string, std::string>& lacks) {
  std::string out;
  for (auto& table : tables)
    if (auto x = lacks.find(table); x != lacks.end())
      out += (out.empty() ? "" : "; ") + x->second;
  return out;
}

json figure_state(const std::string& name, const status_parts& parts, const json& writer, const json& cluster,
                  const std::map<std::string, std::string>& lacks, const stillness& source) {
  auto failed = writer.value("failed", json::object());
  if (failed.contains(name))
    return {{"name", name}, {"state", "failed"}, {"why", failed[name]}};
  if (fills(name, cluster))
    return {{"name", name}, {"state", "filling"}, {"why", cluster.value("stage", "")}};
  if (auto why = lacking(parts.tables_of.at(name), lacks); !why.empty())
    return {{"name", name}, {"state", "incomplete"}, {"why", why}};
  if (source.stale)
    return {{"name", name},
            {"state", "stale"},
            {"why", source.cause},
            {"since", parts.now - source.still.count()}};
  return {{"name", name}, {"state", "live"}};
}

/// What a figure's state is known by from one look to the next.
std::string id_of(const json& figure) {
  return "figure " + figure.value("name", "") + " is " + figure.value("state", "");
}

std::int64_t began(const status_parts& parts, const std::string& id) {
  auto known = parts.since.find(id);
  return known == parts.since.end() ? parts.now : known->second;
}

json figure_states(const status_parts& parts, const json& writer, const json& cluster) {
  auto lacks = lacking_tables(cluster);
  auto source = stillness_of(cluster.value("surroundings", json::object()), parts.idle, parts.stale_after);
  json out = json::array();
  for (auto& name : parts.figures) {
    auto x = figure_state(name, parts, writer, cluster, lacks, source);
    if (x["state"] != "live" && !x.contains("since"))
      x["since"] = began(parts, id_of(x));
    out.push_back(std::move(x));
  }
  return out;
}

json troubles(const json& status, const status_parts& parts) {
  json out = json::array();
  for (auto& x : troubles_of(status)) {
    if (x.since == 0)
      x.since = began(parts, x.id);
    out.push_back({{"id", x.id},
                   {"what", x.what},
                   {"why", x.why},
                   {"since", x.since},
                   {"line", in_a_line(x, parts.now)}});
  }
  return out;
}

} // namespace

std::string put_together(const status_parts& parts) {
  auto router = part(parts.router), writer = part(parts.writer), cluster = part(parts.fill);
  std::int64_t rows = 0;
  for (auto& cell : parts.cells)
    rows += part(cell).value("rows", std::int64_t{0});
  json out{{"project", parts.project},
           {"phase", cluster.value("phase", "filling")},
           {"figures", figure_states(parts, writer, cluster)},
           {"events", router.value("records", std::int64_t{0})},
           {"events_per_second", parts.events_per_second},
           {"lag_ms", router.value("lag_ms", std::int64_t{0})},
           {"rows", rows},
           {"unknown_tables", unknown_tables(cluster)},
           {"last_flush", writer.value("last_flush", std::int64_t{0})},
           {"router", router},
           {"redis", writer.value("server", json::object())},
           {"writer", writer},
           {"cluster", cluster},
           {"member", part(parts.member)},
           {"silent", parts.silent}};
  out["troubles"] = troubles(out, parts);
  return out.dump();
}

beginnings beginnings_of(const std::string& status) {
  auto x = part(status);
  beginnings out;
  for (auto& figure : x.value("figures", json::array()))
    if (figure.contains("since"))
      out[id_of(figure)] = figure["since"].get<std::int64_t>();
  for (auto& trouble : x.value("troubles", json::array()))
    out[trouble.value("id", "")] = trouble.value("since", std::int64_t{0});
  return out;
}

} // namespace millrace
