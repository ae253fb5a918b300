/// Lays out all figures together: tables, entities, routes, and the columns that batches contain.
///
///   figure's columns (numbered in their table)
///     -> kept and shown columns of each route
///     -> the same columns, numbered in their route

#include "actors/figures/plan/plan_draft.hpp"

#include <algorithm>
#include <map>
#include <tuple>

namespace millrace {

namespace {

/// A route without a number yet. Own routes come first, then by entity and columns.
using route_name =
    std::tuple<const postgres::table*, bool, const postgres::table*, std::vector<std::uint16_t>>;

struct columns_needed {
  std::set<std::uint16_t> kept, shown;
};

class layout {
 public:
  layout(std::vector<figure_draft>& drafts, const std::vector<postgres::table>& catalog)
      : drafts_(drafts), catalog_(catalog) {}

  plan_set build() {
    for (auto& x : drafts_)
      collect(x);
    number_tables();
    number_routes();
    for (auto& x : drafts_)
      finish(x);
    return std::move(out_);
  }

 private:
  const postgres::table* child_of(const figure_draft& x) const { return x.scope[x.child].table; }

  static route_name own(const postgres::table* table) { return {table, false, table, table->primary_key}; }

  route_name child_route(const figure_draft& x) const {
    if (x.by.empty())
      return own(child_of(x));
    return {child_of(x), true, x.entity, x.by};
  }

  void collect(figure_draft& x) {
    needed_[own(child_of(x))]; // every captured table has its own route
    auto& child = needed_[child_route(x)];
    if (x.plan.what == figure_kind::projection)
      for (auto& output : x.plan.outputs)
        child.shown.insert(output.index);
    auto joined = x.scope.size() > 1;
    for_each_column(x.plan, [&](column_use& use) {
      auto& to = use.from == side::parent ? needed_[own(x.entity)] : child;
      (x.plan.what == figure_kind::projection ? to.shown : to.kept).insert(use.column);
    });
    if (x.plan.what == figure_kind::projection)
      keep_for_windows(x.plan, child);
    if (joined) { // the fold finds a child's parent by these
      child.kept.insert(x.by.begin(), x.by.end());
      auto& parent = needed_[own(x.entity)];
      parent.kept.insert(x.entity->primary_key.begin(), x.entity->primary_key.end());
    }
  }

  /// The clock, and for alerts the end of a fill, show and remove rows without a record. To remove one, its
  /// window's column is enough; a row
  /// that enters later needs all of its columns.
  static void keep_for_windows(const figure_plan& projection, columns_needed& to) {
    auto enters = projection.place.alert.has_value(); // nothing is staged: its rows show at the end of a fill
    for_each_window(projection, [&](const predicate& x) {
      to.kept.insert(x.column.column);
      enters = enters || x.cmp == comparison::lt || x.cmp == comparison::le;
    });
    if (enters)
      to.kept.insert(to.shown.begin(), to.shown.end());
  }

  void number_tables() {
    for (auto& table : catalog_) {
      auto captured = needed_.count(own(&table)) > 0;
      auto used = captured || std::any_of(needed_.begin(), needed_.end(), [&](auto& x) {
                    return std::get<2>(x.first) == &table;
                  });
      if (!used)
        continue;
      tables_[&table] = table_id{static_cast<std::uint16_t>(out_.tables.size())};
      out_.tables.push_back({table, captured});
    }
  }

  void number_routes() {
    // Orders by table, not by the address of its description.
    std::map<std::tuple<table_id, bool, table_id, std::vector<std::uint16_t>>, route_name> ordered;
    for (auto& [name, columns] : needed_) {
      auto& [table, foreign, entity, by] = name;
      ordered.emplace(std::tuple(tables_[table], foreign, tables_[entity], by), name);
    }
    for (auto& [order, name] : ordered) {
      routes_[name] = route_id{static_cast<std::uint16_t>(out_.routes.size())};
      auto& [table, foreign, entity, by] = order;
      auto& columns = needed_[name];
      route x{
          table, entity_id{entity.value}, !foreign, by, {}, static_cast<std::uint16_t>(columns.kept.size())};
      x.columns.assign(columns.kept.begin(), columns.kept.end());
      for (auto column : columns.shown)
        if (columns.kept.count(column) == 0)
          x.columns.push_back(column);
      out_.routes.push_back(std::move(x));
    }
  }

  std::uint16_t number_in(route_id of, std::uint16_t column) const {
    auto& columns = out_.routes[of.value].columns;
    return static_cast<std::uint16_t>(std::find(columns.begin(), columns.end(), column) - columns.begin());
  }

  void finish(figure_draft& x) {
    auto& plan = x.plan;
    plan.entity = entity_id{tables_[x.entity].value};
    plan.child = routes_[child_route(x)];
    if (x.scope.size() > 1)
      plan.parent = routes_[own(x.entity)];
    for_each_column(plan, [&](column_use& use) {
      use.column = number_in(use.from == side::parent ? *plan.parent : plan.child, use.column);
    });
    if (plan.what == figure_kind::projection)
      for (auto& output : plan.outputs)
        output.index = number_in(plan.child, output.index);
    out_.figures.push_back(plan);
  }

  std::vector<figure_draft>& drafts_;
  const std::vector<postgres::table>& catalog_;
  std::map<route_name, columns_needed> needed_;
  std::map<const postgres::table*, table_id> tables_;
  std::map<route_name, route_id> routes_;
  plan_set out_;
};

void for_each_in(predicate& x, const std::function<void(column_use&)>& f) {
  if (x.terms.empty())
    f(x.column);
  if (x.what == predicate::kind::compare_column)
    f(x.other);
  for (auto& term : x.terms)
    for_each_in(term, f);
}

void for_each_window_in(const predicate& x, const std::function<void(const predicate&)>& f) {
  if (x.what == predicate::kind::window)
    f(x);
  for (auto& term : x.terms)
    for_each_window_in(term, f);
}

} // namespace

void for_each_window(const figure_plan& plan, const std::function<void(const predicate&)>& f) {
  for (auto& x : plan.where)
    for_each_window_in(x, f);
  for (auto& x : plan.aggregates)
    for (auto& term : x.filter)
      for_each_window_in(term, f);
}

void for_each_column(figure_plan& plan, const std::function<void(column_use&)>& f) {
  for (auto& x : plan.where)
    for_each_in(x, f);
  for (auto& x : plan.keys)
    f(x.column);
  for (auto& x : plan.aggregates) {
    for (auto& factor : x.factors)
      f(factor);
    for (auto& term : x.filter)
      for_each_in(term, f);
  }
}

plan_set lay_out(std::vector<figure_draft>& drafts, const std::vector<postgres::table>& catalog) {
  return layout(drafts, catalog).build();
}

} // namespace millrace
