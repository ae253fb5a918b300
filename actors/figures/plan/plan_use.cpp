#include "actors/figures/plan/plan_use.hpp"

#include <set>

namespace millrace {

namespace {

std::string name_of(const table_plan& x) { return x.table.schema + "." + x.table.name; }

} // namespace

std::vector<std::uint16_t> used_columns(const plan_set& plans, table_id of) {
  auto& key = plans.tables[of.value].table.primary_key;
  std::set<std::uint16_t> out(key.begin(), key.end());
  for (auto& each : plans.routes)
    if (each.table == of) {
      out.insert(each.columns.begin(), each.columns.end());
      out.insert(each.by.begin(), each.by.end());
    }
  return {out.begin(), out.end()};
}

std::optional<table_id> captured_table(const plan_set& plans, const std::string& name) {
  for (std::uint16_t i = 0; i < plans.tables.size(); ++i)
    if (plans.tables[i].captured && name_of(plans.tables[i]) == name)
      return table_id{i};
  return std::nullopt;
}

std::vector<std::string> captured_tables(const plan_set& plans) {
  std::vector<std::string> out;
  for (auto& x : plans.tables)
    if (x.captured)
      out.push_back(name_of(x));
  return out;
}

std::map<std::string, std::vector<std::string>> tables_of_figures(const plan_set& plans) {
  std::map<std::string, std::vector<std::string>> out;
  for (auto& figure : plans.figures)
    for (auto route : {std::optional<route_id>(figure.child), figure.parent})
      if (route)
        out[figure.name].push_back(name_of(plans.tables[plans.routes[route->value].table.value]));
  return out;
}

} // namespace millrace
