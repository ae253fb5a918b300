#include "actors/alert_sender/payload.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cctype>

namespace millrace {

namespace {

using json = nlohmann::json;

/// Alertmanager refuses a name of another form.
std::string annotation_name(const std::string& column) {
  auto out = column;
  for (auto& c : out)
    if (!std::isalnum(static_cast<unsigned char>(c)))
      c = '_';
  return out.empty() || std::isdigit(static_cast<unsigned char>(out[0])) ? "_" + out : out;
}

std::string text_of(const json& x) { return x.dump(-1, ' ', false, json::error_handler_t::replace); }

json to_alertmanager(const alert_event& x, const std::string& project, std::int64_t now) {
  json labels{{"alertname", x.alert}, {"project", project}, {"key", x.key}};
  if (!x.severity.empty())
    labels["severity"] = x.severity;
  json annotations{{"alert_id", x.id}};
  for (auto& [name, text] : x.columns)
    annotations[annotation_name(name)] = text;
  auto end = x.resolved ? std::max(x.start, x.end) : std::max(x.start, now + alert_validity.count());
  return {{"labels", labels},
          {"annotations", annotations},
          {"startsAt", time_in_words(x.start)},
          {"endsAt", time_in_words(end)}};
}

} // namespace

std::string alertmanager_body(const std::vector<alert_event>& events, const std::string& project,
                              std::int64_t now) {
  auto out = json::array();
  for (auto& x : events)
    out.push_back(to_alertmanager(x, project, now));
  return text_of(out);
}

std::string webhook_body(const alert_event& x, const std::string& project) {
  auto columns = json::object();
  for (auto& [name, text] : x.columns)
    columns[name] = text;
  json out{{"alert_id", x.id},
           {"alert", x.alert},
           {"key", x.key},
           {"state", x.resolved ? "resolved" : "firing"},
           {"severity", x.severity},
           {"project", project},
           {"at", time_in_words(x.at)},
           {"start", time_in_words(x.start)},
           {"columns", columns}};
  if (x.resolved)
    out["end"] = time_in_words(x.end);
  if (!x.revision.empty())
    out["revision"] = x.revision;
  return text_of(out);
}

} // namespace millrace
