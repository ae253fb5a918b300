/// The verb `alerts`: the subjects of the project's alerts, as the ledger has them.

#include "actors/alert_sender/silence.hpp"
#include "messages/visible.hpp"
#include "nodes/cli/node_client.hpp"
#include "nodes/cli/running_plans.hpp"
#include "nodes/cli/silences.hpp"
#include "nodes/cli/terminal.hpp"
#include "nodes/cli/verbs.hpp"
#include "nodes/settings/project_parts.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <iostream>
#include <optional>
#include <set>

namespace millrace {

namespace {

using json = nlohmann::json;
using phase = alert_subject::phase;

std::string word(phase x) {
  return x == phase::pending ? "pending" : x == phase::firing ? "firing" : "recovering";
}

std::string time_text(tick_seconds x) { return time_in_words(x.value); }

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

/// Returns the subject as its event has it, for silences.
alert_event event_of(const std::pair<std::string, std::string>& who, const alert_subject& x,
                     const alert_rule& rule) {
  alert_event out;
  out.alert = who.first;
  out.key = who.second;
  out.severity = rule.severity;
  for (std::size_t i = 0; i + 1 < x.columns.size(); i += 2)
    out.columns.emplace_back(x.columns[i], x.columns[i + 1]);
  return out;
}

json to_json(const std::pair<std::string, std::string>& who, const alert_subject& x, const alert_rule& rule,
             bool unknown, const silence* silenced) {
  json out{{"alert", who.first},          {"subject", who.second},     {"state", word(x.what)},
           {"since", time_text(x.since)}, {"severity", rule.severity}, {"columns", columns_of(x)},
           {"unknown", unknown}};
  if (x.start.value != 0)
    out["start"] = time_text(x.start);
  if (silenced)
    out["silenced"] = {{"id", silenced->id}, {"until", time_in_words(silenced->until)}};
  return out;
}

std::string line_of(const json& x) {
  std::string columns;
  for (auto& [name, text] : x["columns"].items())
    columns += " " + name + "=" + text.get<std::string>();
  return visible(x["alert"].get<std::string>() + " " + x["subject"].get<std::string>()) + "  "
         + x["state"].get<std::string>() + (x["unknown"].get<bool>() ? " (unknown)" : "") + "  "
         + x["severity"].get<std::string>() + "  since " + x["since"].get<std::string>()
         + (x.contains("silenced") ? " (silenced until " + x["silenced"]["until"].get<std::string>() + ")"
                                   : "")
         + visible(columns);
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
  auto now = tick_of(store);
  if (!now)
    return now.why();
  auto silences = store.silences();
  if (!silences)
    return silences.why();
  auto present = silences_in(*silences, now->value);
  for (auto& [who, x] : *all)
    if (auto rule = rules.find(who.first); rule != rules.end())
      out.push_back(to_json(who, x, rule->second, unknown.count(who.first) > 0,
                            silence_of(present, event_of(who, x, rule->second), now->value)));
  return out;
}

std::string names_of(const plan_set& plans) {
  std::string out;
  for (auto& x : plans.figures)
    if (x.place.alert)
      out += (out.empty() ? "" : ", ") + x.name;
  return out;
}

bool is_known(const plan_set& plans, const std::string& alert) {
  return std::any_of(plans.figures.begin(), plans.figures.end(),
                     [&](auto& x) { return x.place.alert && x.name == alert; });
}

/// Lists the subjects of all alerts, or of one.
int list(const settings& how, const plan_set& plans, redis::store& store, const std::string& alert,
         bool as_json) {
  auto found = read_subjects(how, plans, store, alert);
  if (!found)
    return reject(found.why().message);
  if (as_json) {
    std::cout << found->dump(2) << "\n";
    return 0;
  }
  if (found->empty())
    std::cout << (names_of(plans).empty() ? "no alert is declared\n"
                                          : "no subject is pending, firing or recovering\n");
  for (auto& x : *found)
    std::cout << line_of(x) << "\n";
  return 0;
}

/// Returns the alert that the words name, empty: none; nullopt: they are more than that.
std::optional<std::string> named_alert(const std::vector<std::string>& words) {
  auto verb = !words.empty() && (words[0] == "list" || words[0] == "show");
  if (words.size() > (verb ? 2U : 1U) || words == std::vector<std::string>{"show"})
    return std::nullopt;
  return words.size() > (verb ? 1U : 0U) ? words.back() : "";
}

} // namespace

int run_alerts(const settings& how, const alerts_options& options) {
  auto plans = running_plans(how);
  if (!plans)
    return reject(plans.why().message);
  auto store = open_store(how, *plans);
  if (!store)
    return reject(store.why().message);
  auto action = options.words.empty() ? "list" : options.words[0];
  std::vector<std::string> rest(options.words.begin() + (options.words.empty() ? 0 : 1), options.words.end());
  auto complain_of_unknown = [&](const std::string& alert) {
    auto names = names_of(*plans);
    return reject("no alert " + visible(alert) + "; there are: " + (names.empty() ? "none" : names));
  };
  if (action == "silences" && rest.empty())
    return list_silences(*store, options.json);
  if (action == "unsilence")
    return remove_silences(*store, rest);
  if (action == "silence") {
    auto labels = labels_of(rest);
    if (labels && labels->count("alertname") && !is_known(*plans, labels->at("alertname")))
      return complain_of_unknown(labels->at("alertname"));
    return add_silence(*store, rest, options.duration, options.reason);
  }
  auto alert = named_alert(options.words);
  if (!alert)
    return reject("expected list [ALERT], show ALERT, silences, silence WHAT... or unsilence ID...");
  if (!alert->empty() && !is_known(*plans, *alert))
    return complain_of_unknown(*alert);
  return list(how, *plans, *store, *alert, options.json);
}

} // namespace millrace
