#include "actors/figures/plan/plan_change.hpp"

#include "actors/figures/plan/plan_draft.hpp"
#include "actors/figures/plan/plan_translation.hpp"

#include <algorithm>

namespace millrace {

namespace {

/// Returns the columns of one route that a figure reads, with their numbers in it.
std::set<std::uint16_t> columns_read(const figure_plan& figure, side from, const route& on) {
  std::set<std::uint16_t> out;
  auto copy = figure;
  for_each_column(copy, [&](column_use& use) {
    if (use.from == from)
      out.insert(use.column);
  });
  if (figure.what == figure_kind::projection)
    for (auto& x : figure.outputs)
      out.insert(x.index);
  if (figure.parent) // a join finds rows of one side by the other
    for (auto column : on.by) {
      auto at = std::find(on.columns.begin(), on.columns.end(), column);
      out.insert(static_cast<std::uint16_t>(at - on.columns.begin()));
    }
  return out;
}

bool is_of_key(const plan_set& plans, const route& on, std::uint16_t i) {
  auto& key = plans.tables.at(on.table.value).table.primary_key;
  return std::find(key.begin(), key.end(), on.columns.at(i)) != key.end();
}

/// Returns whether the stored rows have everything that the figure reads of a route.
bool is_whole(const plan_translation& how, const plan_set& after, const figure_plan& figure, route_id on,
              side from) {
  auto way = std::find_if(how.routes.begin(), how.routes.end(), [&](auto& x) { return x && x->to == on; });
  if (way == how.routes.end())
    return false;
  auto& route = after.routes.at(on.value);
  for (auto i : columns_read(figure, from, route)) {
    auto kept = i < route.kept && (*way)->columns.at(i);
    auto in_key = figure.what == figure_kind::projection && is_of_key(after, route, i);
    if (!kept && !in_key)
      return false;
  }
  return true;
}

std::set<table_id> lacks_of(const plan_translation& how, const plan_set& after, const figure_plan& figure) {
  std::set<table_id> out;
  if (!is_whole(how, after, figure, figure.child, side::child))
    out.insert(after.routes.at(figure.child.value).table);
  if (figure.parent && !is_whole(how, after, figure, *figure.parent, side::parent))
    out.insert(after.routes.at(figure.parent->value).table);
  return out;
}

std::optional<figure_id> named(const plan_set& plans, const std::string& name) {
  for (std::uint16_t i = 0; i < plans.figures.size(); ++i)
    if (plans.figures[i].name == name)
      return figure_id{i};
  return std::nullopt;
}

const batch_plan* batch_named(const plan_set& plans, const std::string& name) {
  auto at = std::find_if(plans.batches.begin(), plans.batches.end(), [&](auto& x) { return x.name == name; });
  return at == plans.batches.end() ? nullptr : &*at;
}

std::vector<batch_change> batches_between(const plan_set& before, const plan_set& after) {
  std::vector<batch_change> out;
  for (auto& x : after.batches) {
    auto* was = batch_named(before, x.name);
    out.push_back({x.name, !was                        ? figure_step::added
                           : was->version != x.version ? figure_step::changed
                                                       : figure_step::unchanged});
  }
  for (auto& x : before.batches)
    if (!batch_named(after, x.name))
      out.push_back({x.name, figure_step::removed});
  return out;
}

/// Returns the number of changes, of live and batch figures, that `which` selects.
template <class F>
std::size_t count_steps(const plan_change& x, F which) {
  auto fits = [&](auto& one) { return which(one.step); };
  return static_cast<std::size_t>(std::count_if(x.figures.begin(), x.figures.end(), fits)
                                  + std::count_if(x.batches.begin(), x.batches.end(), fits));
}

} // namespace

bool shows_kept_columns(const plan_set& plans, const figure_plan& projection) {
  auto& on = plans.routes.at(projection.child.value);
  auto read = columns_read(projection, side::child, on);
  return std::all_of(read.begin(), read.end(),
                     [&](auto i) { return i < on.kept || is_of_key(plans, on, i); });
}

plan_change difference(const plan_set& before, const plan_set& after) {
  auto how = translate(before, after);
  plan_change out;
  for (std::uint16_t i = 0; i < after.figures.size(); ++i) {
    auto& figure = after.figures[i];
    figure_change x{figure.name, figure_step::unchanged, named(before, figure.name), figure_id{i}, {}};
    if (!how.figures[i]) {
      x.step = x.before ? figure_step::changed : figure_step::added;
      x.lacks = lacks_of(how, after, figure);
    }
    out.figures.push_back(std::move(x));
  }
  for (std::uint16_t i = 0; i < before.figures.size(); ++i)
    if (!named(after, before.figures[i].name))
      out.figures.push_back({before.figures[i].name, figure_step::removed, figure_id{i}, std::nullopt, {}});
  out.batches = batches_between(before, after);
  return out;
}

bool plan_change::nothing() const {
  return count_steps(*this, [](auto step) { return step != figure_step::unchanged; }) == 0;
}

std::size_t plan_change::removals() const {
  return count_steps(*this, [](auto step) { return step == figure_step::removed; });
}

std::size_t plan_change::running() const {
  return count_steps(*this, [](auto step) { return step != figure_step::added; });
}

bool plan_change::removes_many() const { return removals() > 3 || 2 * removals() > running(); }

std::set<table_id> plan_change::lacks() const {
  std::set<table_id> out;
  for (auto& x : figures)
    out.insert(x.lacks.begin(), x.lacks.end());
  return out;
}

std::vector<std::string> plan_change::fills() const {
  std::vector<std::string> out;
  for (auto& x : figures)
    if (x.step == figure_step::added || x.step == figure_step::changed)
      out.push_back(x.name);
  return out;
}

std::vector<bool> plan_change::retires(const plan_set& before) const {
  std::vector<bool> out(before.figures.size(), false);
  for (auto& x : figures)
    if (x.step == figure_step::changed || x.step == figure_step::removed)
      out.at(x.before->value) = true;
  return out;
}

std::vector<const batch_plan*> plan_change::retired_batches(const plan_set& before) const {
  std::vector<const batch_plan*> out;
  for (auto& x : batches)
    if (x.step == figure_step::changed || x.step == figure_step::removed)
      out.push_back(batch_named(before, x.name));
  return out;
}

const char* to_text(figure_step x) {
  switch (x) {
  case figure_step::unchanged:
    return "unchanged";
  case figure_step::added:
    return "added";
  case figure_step::changed:
    return "changed";
  case figure_step::removed:
    return "removed";
  }
  return "";
}

} // namespace millrace
