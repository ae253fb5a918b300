#include "nodes/node/place_values.hpp"

#include "actors/verify/read_places.hpp"

#include <set>

namespace millrace {

namespace {

/// The most characters of a value that are shown.
constexpr std::size_t longest_value = 2000;

/// Returns the places in Redis of one place of a report: the fields of a hash are places of their own.
std::vector<verify::expected_place> places_in_redis(const figure_plan& figure, const row_place_report& x) {
  if (figure.place.what != target_kind::hash) {
    auto has_member = figure.place.what == target_kind::hash_field || figure.place.what == target_kind::zset;
    return {{{x.key, has_member ? std::optional(x.member) : std::nullopt}, std::nullopt}};
  }
  std::vector<verify::expected_place> out;
  for (auto i : verify::fields_of(figure))
    out.push_back({{x.key, figure.outputs[i].name}, std::nullopt});
  return out;
}

result<void> add_value_of(redis::client& from, const figure_plan& figure, row_place_report& to) {
  auto places = places_in_redis(figure, to);
  auto found = verify::read_places(from, figure.place.what, places);
  if (!found)
    return found.why();
  for (std::size_t i = 0; i < found->size(); ++i) {
    auto& x = (*found)[i];
    if (!x.refused.empty())
      to.note = x.refused;
    if (!x.text)
      continue;
    auto label = figure.place.what == target_kind::hash ? *places[i].where.member + "=" : "";
    to.value += (to.exists ? " " : "") + label + *x.text;
    to.exists = true;
  }
  if (to.value.size() > longest_value) {
    to.value.resize(longest_value);
    to.value += "...";
  }
  return {};
}

std::string phase_word(alert_subject::phase x) {
  using phase = alert_subject::phase;
  return x == phase::pending ? "pending" : x == phase::firing ? "firing" : "recovering";
}

} // namespace

result<void> add_values(redis::client& from, const plan_set& plans, row_report& to) {
  for (auto& copy : to.copies)
    for (auto& place : copy.places) {
      auto& figure = plans.figures.at(place.figure);
      if (figure.place.alert) {
        place.exists = true;
        place.value = "a subject of this alert: `alerts` shows it if it is in the result";
      } else if (!place.key.empty()) {
        if (auto added = add_value_of(from, figure, place); !added)
          return added;
      }
    }
  return {};
}

result<std::vector<alert_report>> read_alerts(redis::store& from, const plan_set& plans,
                                              std::uint16_t shards) {
  std::set<entity_id> entities;
  std::map<std::string, std::string> severity;
  for (auto& x : plans.figures)
    if (x.place.alert) {
      entities.insert(x.entity);
      severity[x.name] = x.place.alert->severity;
    }
  std::vector<cell_id> cells;
  for (auto entity : entities)
    for (std::uint16_t shard = 0; shard < shards; ++shard)
      cells.push_back({shard_id{shard}, entity});
  auto all = from.subjects(cells);
  if (!all)
    return all.why();
  std::vector<alert_report> out;
  for (auto& [who, x] : *all)
    if (severity.count(who.first))
      out.push_back(
          {who.first, who.second, phase_word(x.what), severity[who.first], x.since.value, x.columns});
  return out;
}

} // namespace millrace
