/// The verb `alerts`: the subjects of the project's alerts, as the ledger has them.

#include "messages/visible.hpp"
#include "nodes/cli/node_client.hpp"
#include "nodes/cli/running_plans.hpp"
#include "nodes/cli/verbs.hpp"
#include "nodes/settings/project_parts.hpp"

#include <nlohmann/json.hpp>

#include <ctime>
#include <iostream>
#include <set>

namespace millrace {

namespace {

using json = nlohmann::json;
using phase = alert_subject::phase;

int complain(const std::string& why) {
  std::cerr << "millrace: " << why << "\n";
  return 1;
}

std::string word(phase x) {
  return x == phase::pending ? "pending" : x == phase::firing ? "firing" : "recovering";
}

std::string time_text(tick_seconds x) {
  std::time_t seconds = x.value;
  std::tm parts{};
  char out[32];
  ::gmtime_r(&seconds, &parts);
  std::strftime(out, sizeof out, "%Y-%m-%dT%H:%M:%SZ", &parts);
  return out;
}

json columns_of(const alert_subject& x) {
  auto out = json::object();
  for (std::size_t i = 0; i + 1 < x.columns.size(); i += 2)
    out[x.columns[i]] = x.columns[i + 1];
  return out;
}

/// Returns the alerts whose figures fill, are incomplete or failed: the state of before is shown.
std::set<std::string> unknown_alerts(const settings& how) {
  std::set<std::string> out;
  auto status = node_status(how.http_port);
  if (status && status->contains("figures"))
    for (auto& x : (*status)["figures"])
      if (x.value("state", "live") != "live")
        out.insert(x.value("name", ""));
  return out;
}

json to_json(const std::pair<std::string, std::string>& who, const alert_subject& x, const alert_rule& rule,
             bool unknown) {
  json out{{"alert", who.first},          {"subject", who.second},     {"state", word(x.what)},
           {"since", time_text(x.since)}, {"severity", rule.severity}, {"columns", columns_of(x)},
           {"unknown", unknown}};
  if (x.start.value != 0)
    out["start"] = time_text(x.start);
  return out;
}

std::string line_of(const json& x) {
  std::string columns;
  for (auto& [name, text] : x["columns"].items())
    columns += " " + name + "=" + text.get<std::string>();
  return visible(x["alert"].get<std::string>() + " " + x["subject"].get<std::string>()) + "  "
         + x["state"].get<std::string>() + (x["unknown"].get<bool>() ? " (unknown)" : "") + "  "
         + x["severity"].get<std::string>() + "  since " + x["since"].get<std::string>() + visible(columns);
}

/// Returns the subjects of all alerts, or of one.
result<json> read_subjects(const settings& how, const plan_set& plans, redis::store& store,
                           const std::string& alert) {
  auto unknown = unknown_alerts(how);
  auto out = json::array();
  std::set<entity_id> entities;
  std::map<std::string, alert_rule> rules;
  for (auto& x : plans.figures)
    if (x.place.alert && (alert.empty() || x.name == alert)) {
      entities.insert(x.entity);
      rules[x.name] = *x.place.alert;
    }
  std::vector<cell_id> cells;
  for (auto entity : entities)
    for (std::uint16_t shard = 0; shard < how.shards; ++shard)
      cells.push_back({shard_id{shard}, entity});
  auto all = store.subjects(cells);
  if (!all)
    return all.why();
  for (auto& [who, x] : *all)
    if (auto rule = rules.find(who.first); rule != rules.end())
      out.push_back(to_json(who, x, rule->second, unknown.count(who.first) > 0));
  return out;
}

std::string names_of(const plan_set& plans) {
  std::string out;
  for (auto& x : plans.figures)
    if (x.place.alert)
      out += (out.empty() ? "" : ", ") + x.name;
  return out;
}

} // namespace

int run_alerts(const settings& how, const alerts_options& options) {
  auto plans = running_plans(how);
  if (!plans)
    return complain(plans.why().message);
  auto store = open_store(how, *plans);
  if (!store)
    return complain(store.why().message);
  auto names = names_of(*plans);
  auto known = [&](auto& x) { return x.place.alert && x.name == options.alert; };
  if (!options.alert.empty() && std::none_of(plans->figures.begin(), plans->figures.end(), known))
    return complain("no alert " + visible(options.alert)
                    + "; there are: " + (names.empty() ? "none" : names));
  auto found = read_subjects(how, *plans, *store, options.alert);
  if (!found)
    return complain(found.why().message);
  if (options.json) {
    std::cout << found->dump(2) << "\n";
    return 0;
  }
  if (found->empty())
    std::cout << (names.empty() ? "no alert is declared\n" : "no subject is pending, firing or recovering\n");
  for (auto& x : *found)
    std::cout << line_of(x) << "\n";
  return 0;
}

} // namespace millrace
