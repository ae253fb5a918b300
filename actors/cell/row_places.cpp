#include "actors/cell/row_places.hpp"

#include "actors/figures/fold/key_values.hpp"
#include "actors/figures/fold/predicates.hpp"
#include "actors/figures/values/text.hpp"
#include "messages/rows.hpp"

#include <algorithm>

namespace millrace {

namespace {

std::string text_of(const value& x, const postgres::column& of) {
  return is_null(x) ? "NULL" : to_text(x, of.type, of.scale);
}

/// A row and its group's other side, as one figure reads them.
struct both_sides {
  const row* child = nullptr;
  const row* parent = nullptr;
  const row* of(side x) const { return x == side::child ? child : parent; }
};

/// Returns the packed key of the parent that a child row names.
std::string parent_key(const route& by, const row& child) {
  row key;
  for (auto column : by.by) {
    auto at = std::find(by.columns.begin(), by.columns.begin() + by.kept, column) - by.columns.begin();
    if (static_cast<std::size_t>(at) < child.size())
      key.push_back(child[static_cast<std::size_t>(at)]);
  }
  return pack(key);
}

/// Returns whether the rows pass the figure's conditions, as far as they are known.
bool counts(const figure_plan& figure, const both_sides& rows, tick_seconds now) {
  return std::all_of(figure.where.begin(), figure.where.end(), [&](auto& condition) {
    auto* x = rows.of(side_of(condition));
    return !x || evaluate(condition, *x, now) == truth::yes;
  });
}

/// Appends the group's place. A place whose key needs a side that isn't known has no key.
void add_group(std::vector<row_place_report>& out, figure_id id, const figure_plan& figure,
               const both_sides& rows) {
  row_place_report x{id.value, figure.name};
  auto known = std::all_of(figure.keys.begin(), figure.keys.end(),
                           [&](auto& key) { return rows.of(key.column.from) != nullptr; });
  if (known) {
    key_values keys(figure);
    row read(keys.size());
    for (auto from : {side::child, side::parent})
      if (auto* of = rows.of(from))
        keys.read(read, *of, from);
    if (!keys.has_place(read))
      return;
    x.key = keys.key_of(read);
    x.member = keys.member_of(read);
  }
  out.push_back(std::move(x));
}

void add_groups(std::vector<row_place_report>& out, const cell& of, route_id from, const row& kept,
                tick_seconds now) {
  auto& plans = of.plans();
  for (std::uint16_t i = 0; i < plans.figures.size(); ++i) {
    auto& figure = plans.figures[i];
    if (figure.what == figure_kind::projection || figure.entity != of.id().entity
        || (figure.child != from && figure.parent != from))
      continue;
    both_sides rows;
    row parent;
    if (figure.child == from) {
      rows.child = &kept;
      if (figure.parent) {
        auto* stored = of.rows().find(*figure.parent, parent_key(plans.routes[from.value], kept));
        if (!stored)
          continue; // an inner join: without its parent, the row doesn't count
        parent = unpack(stored->kept());
        rows.parent = &parent;
      }
    } else {
      rows.parent = &kept;
    }
    if (counts(figure, rows, now))
      add_group(out, {i}, figure, rows);
  }
}

/// Appends the subject that the row is in the result of each alert of plain columns.
void add_subjects(std::vector<row_place_report>& out, const cell& of, route_id from,
                  const stored_row& stored) {
  auto& figures = of.plans().figures;
  for (std::uint16_t i = 0; i < figures.size(); ++i)
    if (figures[i].what == figure_kind::projection && figures[i].child == from && figures[i].place.alert)
      if (auto key = of.figures().shown_key(from, {i}, unpack(stored.key()), stored.marks()))
        out.push_back({i, figures[i].name, *key});
}

row_copy_report copy_of(const cell& of, route_id from, const stored_row& stored, tick_seconds now) {
  auto& plans = of.plans();
  auto& by = plans.routes[from.value];
  auto& table = plans.tables[by.table.value].table;
  row_copy_report out;
  out.shard = of.id().shard.value;
  out.entity = plans.tables[of.id().entity.value].table.name;
  auto kept = unpack(stored.kept());
  for (std::size_t i = 0; i < kept.size() && i < by.kept; ++i) {
    auto& column = table.columns[by.columns[i]];
    out.columns.push_back(column.name);
    out.values.push_back(text_of(kept[i], column));
  }
  std::vector<place_check> shown;
  of.figures().check(from, unpack(stored.key()), stored.marks(), now, shown);
  for (auto& x : shown)
    if (x.fingerprint != 0)
      out.places.push_back({x.figure.value, plans.figures[x.figure.value].name, x.key, x.member});
  add_subjects(out.places, of, from, stored);
  add_groups(out.places, of, from, kept, now);
  return out;
}

} // namespace

std::vector<row_copy_report> copies_of(const cell& of, table_id table, std::string_view key,
                                       tick_seconds now) {
  std::vector<row_copy_report> out;
  auto& routes = of.plans().routes;
  for (std::uint16_t i = 0; i < routes.size(); ++i)
    if (routes[i].table == table && routes[i].entity == of.id().entity)
      if (auto* stored = of.rows().find(route_id{i}, key))
        out.push_back(copy_of(of, route_id{i}, *stored, now));
  return out;
}

} // namespace millrace
