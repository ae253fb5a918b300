#include "actors/figures/plan/plan_alignment.hpp"

#include <algorithm>
#include <set>

namespace millrace {

namespace {

bool same_name(const postgres::table& a, const postgres::table& b) {
  return a.schema == b.schema && a.name == b.name;
}

/// Returns the columns of each table that a route or the primary key uses.
std::vector<std::set<std::uint16_t>> columns_used(const plan_set& x) {
  std::vector<std::set<std::uint16_t>> out;
  for (auto& each : x.tables)
    out.emplace_back(each.table.primary_key.begin(), each.table.primary_key.end());
  for (auto& route : x.routes) {
    out.at(route.table.value).insert(route.columns.begin(), route.columns.end());
    out.at(route.table.value).insert(route.by.begin(), route.by.end());
  }
  return out;
}

std::vector<std::string> key_of(const postgres::table& x) {
  std::vector<std::string> out;
  for (auto column : x.primary_key)
    out.push_back(x.columns.at(column).name);
  return out;
}

/// Updates the table to its present state, with its columns numbered as before.
void renew(postgres::table& x, const std::set<std::uint16_t>& used, const postgres::table& now) {
  for (auto number : used) {
    auto found = now.find(x.columns.at(number).name);
    x.columns[number] = found ? now.columns[*found] : postgres::column{};
  }
  if (key_of(x) != key_of(now))
    x.primary_key.clear();
}

} // namespace

plan_set aligned(plan_set fresh, const plan_set& before) {
  auto tables = before.tables;
  for (auto& x : tables)
    x.captured = false;
  std::vector<table_id> number;
  for (auto& x : fresh.tables) {
    auto at = std::find_if(tables.begin(), tables.end(),
                           [&](auto& known) { return same_name(known.table, x.table); });
    number.push_back({static_cast<std::uint16_t>(at - tables.begin())});
    if (at == tables.end())
      tables.push_back(std::move(x));
    else
      *at = std::move(x);
  }
  fresh.tables = std::move(tables);
  for (auto& x : fresh.routes) {
    x.table = number.at(x.table.value);
    x.entity = {number.at(x.entity.value).value};
  }
  for (auto& x : fresh.figures) {
    x.entity = {number.at(x.entity.value).value};
    for (auto& known : before.figures)
      if (known.name == x.name)
        x.refills = known.refills;
  }
  return fresh;
}

plan_set as_in_catalog(plan_set x, const std::vector<postgres::table>& catalog) {
  auto used = columns_used(x);
  std::vector<bool> needed(x.tables.size(), false);
  for (auto& route : x.routes)
    needed[route.table.value] = needed[route.entity.value] = true;
  for (std::size_t i = 0; i < x.tables.size(); ++i) {
    if (!needed[i]) // nothing uses this number now
      continue;
    auto& mine = x.tables[i].table;
    auto now = std::find_if(catalog.begin(), catalog.end(), [&](auto& y) { return same_name(mine, y); });
    if (now == catalog.end())
      mine.name.clear();
    else
      renew(mine, used[i], *now);
  }
  return x;
}

plan_set with_tables_of(plan_set x, const plan_set& more) {
  for (auto& wanted : more.tables) {
    if (!wanted.captured)
      continue;
    auto at = std::find_if(x.tables.begin(), x.tables.end(),
                           [&](auto& mine) { return same_name(mine.table, wanted.table); });
    if (at == x.tables.end())
      x.tables.push_back(wanted);
    else
      at->captured = true;
  }
  return x;
}

} // namespace millrace
