#pragma once

/// Plans that keep all columns of some tables.

#include "actors/figures/plan/plan.hpp"

namespace millrace::test {

/// A table public.NAME (id bigint primary key, and these columns of text).
inline postgres::table simple_table(const std::string& name, const std::vector<std::string>& texts) {
  postgres::table out;
  out.schema = "public";
  out.name = name;
  out.columns.push_back({"id", postgres::column_type::bigint, "bigint"});
  for (auto& x : texts)
    out.columns.push_back({x, postgres::column_type::text, "text"});
  out.primary_key = {0};
  return out;
}

inline plan_set plans_of(std::vector<postgres::table> tables) {
  plan_set out;
  for (auto& each : tables) {
    route own;
    own.table = {static_cast<std::uint16_t>(out.tables.size())};
    own.own = true;
    own.by = each.primary_key;
    for (std::uint16_t i = 0; i < each.columns.size(); ++i)
      own.columns.push_back(i);
    out.tables.push_back({std::move(each), true});
    out.routes.push_back(std::move(own));
  }
  return out;
}

inline plan_set plans_of(postgres::table x) { return plans_of(std::vector{std::move(x)}); }

/// Adds a route of the first table by a foreign key.
inline plan_set with_route_by(plan_set plans, const std::string& column) {
  route foreign;
  foreign.entity = {1};
  foreign.by = {*plans.tables[0].table.find(column)};
  foreign.columns = plans.routes[0].columns;
  plans.routes.push_back(std::move(foreign));
  return plans;
}

} // namespace millrace::test
