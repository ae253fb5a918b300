#include "actors/inspector/troubles.hpp"

#include "actors/inspector/stillness.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <set>

namespace millrace {

namespace {

using json = nlohmann::json;

json part(const json& of, const char* name) {
  auto x = of.is_object() ? of.value(name, json::object()) : json::object();
  return x.is_object() ? x : json::object();
}

std::string text(const json& of, const char* name) {
  return of.is_object() && of.contains(name) && of[name].is_string() ? of[name].get<std::string>() : "";
}

/// "is stale", "are stale"; "has failed", "have failed".
std::string verb_of(const std::string& state, std::size_t count) {
  return state == "failed" ? (count == 1 ? "has failed" : "have failed")
                           : (count == 1 ? "is " : "are ") + state;
}

std::string name_of(const json& first, std::size_t count, std::size_t all) {
  if (count == 1)
    return "the figure " + text(first, "name");
  return (count == all ? "all " : "") + std::to_string(count) + " figures";
}

/// Returns the figures in that state as one trouble, as old as the oldest, with
/// the reason of the first.
std::vector<trouble> figures_that_are(const std::string& state, const json& figures) {
  std::vector<json> some;
  std::set<std::string> reasons;
  for (auto& x : figures)
    if (text(x, "state") == state) {
      some.push_back(x);
      reasons.insert(text(x, "why"));
    }
  if (some.empty())
    return {};
  auto older = [](auto& a, auto& b) {
    return a.value("since", std::int64_t{0}) < b.value("since", std::int64_t{0});
  };
  auto& oldest = *std::min_element(some.begin(), some.end(), older);
  auto more = reasons.size() - 1;
  return {
      {"figures are " + state,
       name_of(some.front(), some.size(), figures.size()) + " " + verb_of(state, some.size()),
       text(some.front(), "why")
           + (more == 0 ? ""
                        : " (and " + std::to_string(more) + (more == 1 ? " more reason)" : " more reasons)")),
       oldest.value("since", std::int64_t{0})}};
}

/// The writer's trouble is a text, or says since when.
std::vector<trouble> redis_trouble(const json& writer) {
  auto what = writer.is_object() && writer.contains("trouble") ? writer["trouble"] : json();
  auto why = what.is_object() ? text(what, "what") : what.is_string() ? what.get<std::string>() : "";
  if (why.empty())
    return {};
  return {{"redis", "Redis takes no results", why,
           what.is_object() && what.contains("since") && what["since"].is_number_integer()
               ? what["since"].get<std::int64_t>()
               : 0}};
}

/// One that is there if `why` says something.
std::vector<trouble> told(const std::string& what, const std::string& why) {
  return why.empty() ? std::vector<trouble>{} : std::vector<trouble>{{what, what, why, 0}};
}

/// Actors that don't answer: what is known of them is what they said last.
std::vector<trouble> silent(const json& actors) {
  std::string names;
  for (auto& name : actors)
    names += (names.empty() ? "" : ", ") + name.get<std::string>();
  if (!names.empty())
    names += "; what they said last is shown. If it stays, see the node's log";
  return told("parts of the node don't answer", names);
}

std::vector<trouble> unserved(const json& cluster) {
  auto cells = cluster.value("unserved_cells", std::uint64_t{0});
  if (cells == 0)
    return {};
  return {{"cells are served by no node", std::to_string(cells) + " cells are served by no node",
           "if it stays, see `millrace nodes list` and the nodes' logs", 0}};
}

} // namespace

std::vector<trouble> troubles_of(const json& status) {
  auto figures = status.value("figures", json::array());
  auto cluster = part(status, "cluster");
  auto around = part(cluster, "surroundings");
  std::vector<trouble> out;
  auto add = [&](const std::vector<trouble>& some) { out.insert(out.end(), some.begin(), some.end()); };
  add(silent(status.value("silent", json::array())));
  add(figures_that_are("failed", figures));
  add(redis_trouble(part(status, "writer")));
  add(figures_that_are("incomplete", figures));
  add(figures_that_are("stale", figures));
  add(told("the database can't be read", text(around, "encoding")));
  add(told("the replication slot can't be read", text(part(around, "slot"), "trouble")));
  add(told("the connector has trouble", connector_trouble(around)));
  add(told("Kafka doesn't answer", text(part(around, "kafka"), "trouble")));
  add(told("the fill doesn't go on", text(cluster, "trouble")));
  add(figures_that_are("filling", figures));
  add(unserved(cluster));
  return out;
}

std::string in_words(std::int64_t seconds) {
  if (seconds < 120)
    return std::to_string(seconds) + " s";
  if (seconds < 120 * 60)
    return std::to_string(seconds / 60) + " min";
  if (seconds < 48 * 3600)
    return std::to_string(seconds / 3600) + " h";
  return std::to_string(seconds / 86400) + " days";
}

std::string in_a_line(const trouble& x, std::int64_t now) {
  return x.what + ", for " + in_words(std::max<std::int64_t>(now - x.since, 0))
         + (x.why.empty() ? "" : ": " + x.why);
}

} // namespace millrace
