#include "actors/inspector/status.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>

namespace millrace {

namespace {

using json = nlohmann::json;

json part(const std::string& text) {
  auto x = json::parse(text, nullptr, false);
  return x.is_object() ? x : json::object();
}

/// Returns the tables that have dead letters nobody has resolved.
std::map<std::string, std::int64_t> open_letters(const json& cluster) {
  std::map<std::string, std::int64_t> out;
  auto around = cluster.value("surroundings", json::object());
  if (around.is_object() && around.contains("open_dead_letters"))
    for (auto& [table, count] : around["open_dead_letters"].items())
      if (count.get<std::int64_t>() > 0)
        out[table] = count.get<std::int64_t>();
  return out;
}

/// Returns the tables whose rows may have changed without records, and why figures over
/// them are incomplete.
std::map<std::string, std::string> doubts(const json& cluster) {
  std::map<std::string, std::string> out;
  auto around = cluster.value("surroundings", json::object());
  if (around.is_object() && around.contains("doubts") && around["doubts"].is_object())
    for (auto& [table, x] : around["doubts"].items())
      out[table] = x.value("reason", "") + ". Mend it by: " + x.value("remedy", "");
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
std::string lacking(const std::vector<std::string>& tables, const std::map<std::string, std::int64_t>& open,
                    const std::map<std::string, std::string>& doubted) {
  std::string out;
  for (auto& table : tables) {
    if (auto x = open.find(table); x != open.end())
      out +=
          (out.empty() ? "" : "; ") + std::to_string(x->second) + " dead letters of " + table + " are open";
    if (auto x = doubted.find(table); x != doubted.end())
      out += (out.empty() ? "" : "; ") + x->second;
  }
  return out;
}

json figure_state(const std::string& name, const status_parts& parts, const json& writer, const json& cluster,
                  const std::map<std::string, std::int64_t>& open,
                  const std::map<std::string, std::string>& doubted) {
  auto failed = writer.value("failed", json::object());
  if (failed.contains(name))
    return {{"name", name}, {"state", "failed"}, {"why", failed[name]}};
  if (fills(name, cluster))
    return {{"name", name}, {"state", "filling"}, {"why", cluster.value("stage", "")}};
  if (auto why = lacking(parts.tables_of.at(name), open, doubted); !why.empty())
    return {{"name", name}, {"state", "incomplete"}, {"why", why}};
  return {{"name", name}, {"state", "live"}};
}

} // namespace

std::string put_together(const status_parts& parts) {
  auto router = part(parts.router), writer = part(parts.writer), cluster = part(parts.cluster);
  auto open = open_letters(cluster);
  auto doubted = doubts(cluster);
  json figures = json::array();
  for (auto& name : parts.figures)
    figures.push_back(figure_state(name, parts, writer, cluster, open, doubted));
  std::int64_t rows = 0;
  for (auto& cell : parts.cells)
    rows += part(cell).value("rows", std::int64_t{0});
  return json{{"project", parts.project},
              {"phase", cluster.value("phase", "filling")},
              {"figures", std::move(figures)},
              {"events", router.value("records", std::int64_t{0})},
              {"events_per_second", parts.events_per_second},
              {"lag_ms", router.value("lag_ms", std::int64_t{0})},
              {"rows", rows},
              {"unknown_tables", unknown_tables(cluster)},
              {"last_flush", writer.value("last_flush", std::int64_t{0})},
              {"router", router},
              {"writer", writer},
              {"cluster", cluster},
              {"member", part(parts.member)}}
      .dump();
}

} // namespace millrace
