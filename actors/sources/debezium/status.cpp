#include "actors/sources/debezium/status.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>

namespace millrace::connect {

namespace {

using json = nlohmann::json;

std::string line_at(const std::string& text, std::size_t begin) {
  return text.substr(begin, text.find('\n', begin) - begin);
}

/// Returns the first line and the last cause. The first says where it failed ("in a callback"), and only
/// the last says why.
std::string trace_of(const json& of) {
  auto trace = of.value("trace", std::string());
  auto first = line_at(trace, 0);
  auto cause = trace.rfind("Caused by: ");
  return cause == std::string::npos || cause == 0 ? first : first + "; " + line_at(trace, cause);
}

} // namespace

bool connector_status::running() const {
  return state == "RUNNING" && !tasks.empty()
         && std::all_of(tasks.begin(), tasks.end(), [](auto& x) { return x.state == "RUNNING"; });
}

bool connector_status::failed() const {
  return state == "FAILED"
         || std::any_of(tasks.begin(), tasks.end(), [](auto& x) { return x.state == "FAILED"; });
}

result<connector_status> parse_status(const std::string& body) try {
  auto x = json::parse(body);
  connector_status out;
  out.exists = true;
  auto& connector = x.at("connector");
  out.state = connector.at("state").get<std::string>();
  out.trace = trace_of(connector);
  for (auto& each : x.at("tasks"))
    out.tasks.push_back({each.at("id").get<int>(), each.at("state").get<std::string>(), trace_of(each)});
  return out;
} catch (const json::exception& why) {
  return error{errc::corrupt, std::string("Kafka Connect's status isn't one: ") + why.what()};
}

std::string to_json(const connector_status& x) {
  json tasks = json::array();
  for (auto& each : x.tasks)
    tasks.push_back({{"id", each.id}, {"state", each.state}, {"trace", each.trace}});
  return json{{"exists", x.exists}, {"state", x.state}, {"trace", x.trace}, {"tasks", tasks}}.dump();
}

} // namespace millrace::connect
