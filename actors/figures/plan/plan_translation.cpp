#include "actors/figures/plan/plan_translation.hpp"

#include "actors/figures/plan/plan_version.hpp"

#include <algorithm>

namespace millrace {

namespace {

using index_map = std::vector<std::optional<std::uint16_t>>;

const postgres::column& kept_column(const plan_set& plans, const route& of, std::size_t i) {
  return plans.tables.at(of.table.value).table.columns.at(of.columns.at(i));
}

index_map columns_of(const plan_set& from, const route& was, const plan_set& to, const route& is) {
  index_map out(is.kept);
  for (std::uint16_t i = 0; i < is.kept; ++i)
    for (std::uint16_t j = 0; j < was.kept && !out[i]; ++j)
      if (form_text(kept_column(to, is, i)) == form_text(kept_column(from, was, j)))
        out[i] = j;
  return out;
}

bool same_figure(const figure_plan& a, const figure_plan& b) {
  return a.name == b.name && a.version == b.version && a.refills == b.refills;
}

index_map marks_of(const plan_set& from, route_id was, const plan_set& to, route_id is) {
  auto before = projections_of(from, was);
  index_map out;
  for (auto id : projections_of(to, is)) {
    auto& slot = out.emplace_back();
    for (std::uint16_t j = 0; j < before.size() && !slot; ++j)
      if (same_figure(to.figures[id.value], from.figures[before[j].value]))
        slot = j;
  }
  return out;
}

std::optional<route_change> change_of(const plan_set& from, route_id was, const plan_set& to) {
  if (!is_held(from, was))
    return std::nullopt;
  auto form = form_text(was, from);
  for (std::uint16_t i = 0; i < to.routes.size(); ++i)
    if (is_held(to, {i}) && form_text(route_id{i}, to) == form)
      return route_change{
          {i}, columns_of(from, from.routes[was.value], to, to.routes[i]), marks_of(from, was, to, {i})};
  return std::nullopt;
}

index_map compose(const index_map& first, const index_map& second) {
  index_map out;
  for (auto& through : second)
    out.push_back(through ? first.at(*through) : std::nullopt);
  return out;
}

} // namespace

bool is_held(const plan_set& plans, route_id route) {
  return std::any_of(plans.figures.begin(), plans.figures.end(),
                     [&](auto& x) { return x.child == route || x.parent == route; });
}

std::vector<figure_id> projections_of(const plan_set& plans, route_id route) {
  std::vector<figure_id> out;
  for (std::uint16_t i = 0; i < plans.figures.size(); ++i)
    if (plans.figures[i].what == figure_kind::projection && plans.figures[i].child == route)
      out.push_back({i});
  return out;
}

plan_translation translate(const plan_set& from, const plan_set& to) {
  plan_translation out;
  for (std::uint16_t i = 0; i < from.routes.size(); ++i)
    out.routes.push_back(change_of(from, {i}, to));
  for (auto& x : to.figures) {
    auto was =
        std::find_if(from.figures.begin(), from.figures.end(), [&](auto& y) { return same_figure(y, x); });
    out.figures.push_back(
        was == from.figures.end()
            ? std::nullopt
            : std::optional(figure_id{static_cast<std::uint16_t>(was - from.figures.begin())}));
  }
  return out;
}

plan_translation then(const plan_translation& first, const plan_translation& second) {
  plan_translation out;
  for (auto& through : second.figures)
    out.figures.push_back(through ? first.figures.at(through->value) : std::nullopt);
  for (auto& was : first.routes) {
    auto next = was ? second.way_of(was->to) : nullptr;
    out.routes.push_back(next ? std::optional(route_change{next->to, compose(was->columns, next->columns),
                                                           compose(was->marks, next->marks)})
                              : std::nullopt);
  }
  return out;
}

} // namespace millrace
