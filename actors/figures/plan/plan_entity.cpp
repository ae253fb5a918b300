/// Chooses the entity, whose key divides a figure's work into cells.

#include "actors/figures/plan/plan_draft.hpp"

#include <algorithm>

namespace millrace {

namespace {

/// Returns whether the plain column is a group key.
bool is_grouped(const figure_plan& plan, side from, std::uint16_t column) {
  return std::any_of(plan.keys.begin(), plan.keys.end(), [&](const key_expression& x) {
    return x.what == key_expression::kind::column && x.column.from == from && x.column.column == column;
  });
}

bool all_grouped(const figure_plan& plan, side from, const std::vector<std::uint16_t>& columns) {
  return std::all_of(columns.begin(), columns.end(), [&](auto x) { return is_grouped(plan, from, x); });
}

const postgres::table* find(const std::vector<postgres::table>& catalog, const postgres::foreign_key& key) {
  auto at = std::find_if(catalog.begin(), catalog.end(),
                         [&](auto& x) { return x.schema == key.schema && x.name == key.table; });
  return at == catalog.end() ? nullptr : &*at;
}

/// Returns the foreign key's columns in the order of the referred table's primary key. Returns nothing
/// unless the foreign key refers to exactly that key, in the same form.
std::vector<std::uint16_t> in_key_order(const postgres::table& child, const postgres::foreign_key& key,
                                        const postgres::table& parent) {
  std::vector<std::uint16_t> out;
  for (auto number : parent.primary_key) {
    auto& theirs = parent.columns[number];
    auto at = std::find(key.referred.begin(), key.referred.end(), theirs.name);
    if (at == key.referred.end())
      return {};
    auto mine = key.columns[static_cast<std::size_t>(at - key.referred.begin())];
    if (!is_key_type(theirs) || !is_key_type(child.columns[mine]) || !same_form(child.columns[mine], theirs))
      return {};
    out.push_back(mine);
  }
  return out.size() == key.referred.size() ? out : std::vector<std::uint16_t>{};
}

void by_foreign_key(figure_draft& draft, const figure_context& with) {
  auto& child = *draft.scope[0].table;
  for (auto& key : child.foreign_keys) {
    auto* parent = find(with.catalog, key);
    if (!parent || !all_grouped(draft.plan, side::child, key.columns))
      continue;
    auto by = in_key_order(child, key, *parent);
    if (by.empty())
      continue;
    draft.entity = parent;
    draft.by = std::move(by);
    draft.plan.what = figure_kind::keyed;
    return;
  }
}

void check_identity(const figure_draft& draft) {
  auto& child = *draft.scope[draft.child].table;
  if (child.full_identity)
    return;
  std::string columns;
  for (auto x : draft.by)
    columns += (columns.empty() ? "" : ", ") + child.columns[x].name;
  refuse_figure(draft.scope[draft.child].at,
                sql_name(child) + ": the figure needs the old " + columns
                    + " on UPDATE and DELETE, and the WAL doesn't contain it",
                "ALTER TABLE " + sql_name(child) + " REPLICA IDENTITY FULL");
}

/// Returns whether a join groups by the parent's key: by the parent's columns, or by the child's equal ones.
bool has_parent_key(const figure_draft& draft) {
  for (std::size_t i = 0; i < draft.by.size(); ++i)
    if (!is_grouped(draft.plan, side::parent, draft.entity->primary_key[i])
        && !is_grouped(draft.plan, side::child, draft.by[i]))
      return false;
  return true;
}

} // namespace

void choose_entity(figure_draft& draft, const figure_context& with) {
  auto& plan = draft.plan;
  plan.what = figure_kind::rolled_up;
  if (draft.scope.size() > 1) {
    if (has_parent_key(draft))
      plan.what = figure_kind::keyed;
    return check_identity(draft);
  }
  auto& table = *draft.scope[0].table;
  draft.entity = &table;
  if (all_grouped(plan, side::child, table.primary_key)) {
    plan.what = figure_kind::keyed;
    return;
  }
  by_foreign_key(draft, with);
  if (plan.what == figure_kind::keyed)
    check_identity(draft);
}

} // namespace millrace
