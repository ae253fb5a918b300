#include "actors/figures/plan/plan_version.hpp"

#include "actors/figures/plan/plan_draft.hpp"
#include "actors/figures/plan/plan_json.hpp"
#include "messages/fnv.hpp"

#include <string_view>

namespace millrace {

namespace {

std::string name_of(const postgres::table& x) {
  return postgres::quoted_name(x.schema) + "." + postgres::quoted_name(x.name);
}

/// Returns a column with everything that its packed form and its text depend on. For a domain, adds the
/// fraction, which its name doesn't contain. Other columns must hash as they do in existing ledgers.
nlohmann::json form_of(const postgres::column& x) {
  nlohmann::json out = {x.name, x.type, x.type_name, x.precision, x.scale};
  if (x.fraction != postgres::fraction_by_name(x))
    out.push_back(x.fraction);
  return out;
}

nlohmann::json forms_of(const postgres::table& of, const std::vector<std::uint16_t>& columns) {
  auto out = nlohmann::json::array();
  for (auto number : columns)
    out.push_back(form_of(of.columns[number]));
  return out;
}

nlohmann::json form_of(const route& x, const plan_set& plans) {
  auto& table = plans.tables[x.table.value].table;
  auto& entity = plans.tables[x.entity.value].table;
  return {name_of(table), name_of(entity), forms_of(table, x.by), forms_of(table, table.primary_key),
          forms_of(entity, entity.primary_key)};
}

const postgres::column& column_of(route_id from, std::uint16_t number, const plan_set& plans) {
  auto& of = plans.routes[from.value];
  return plans.tables[of.table.value].table.columns[of.columns[number]];
}

} // namespace

std::uint64_t version_of(const figure_plan& figure, const plan_set& plans) {
  auto x = figure;
  auto columns = nlohmann::json::array();
  for_each_column(x, [&](column_use& use) {
    columns.push_back(
        form_of(column_of(use.from == side::parent ? *figure.parent : figure.child, use.column, plans)));
    use.column = 0;
  });
  if (x.what == figure_kind::projection)
    for (auto& output : x.outputs) {
      columns.push_back(form_of(column_of(figure.child, output.index, plans)));
      output.index = 0;
    }
  auto routes = nlohmann::json::array({form_of(plans.routes[figure.child.value], plans)});
  if (figure.parent)
    routes.push_back(form_of(plans.routes[figure.parent->value], plans));
  nlohmann::json all = {
      {"what", x.what},     {"where", x.where},     {"keys", x.keys},   {"aggregates", x.aggregates},
      {"having", x.having}, {"outputs", x.outputs}, {"place", x.place}, {"time_key", x.time_key},
      {"columns", columns}, {"routes", routes}};
  return fnv1a(all.dump());
}

std::uint64_t version_of(const batch_plan& x) {
  nlohmann::json all = {{"sql", x.sql},
                        {"every", x.every_seconds},
                        {"cron", x.cron},
                        {"outputs", x.outputs},
                        {"place", x.place}};
  return fnv1a(all.dump());
}

std::string form_text(const postgres::column& x) { return form_of(x).dump(); }

std::string form_text(route_id of, const plan_set& plans) {
  return form_of(plans.routes.at(of.value), plans).dump();
}

std::uint64_t plan_set::fingerprint() const {
  auto all = nlohmann::json::array();
  for (auto& x : tables)
    all.push_back({name_of(x.table), x.captured, forms_of(x.table, x.table.primary_key)});
  for (auto& x : routes)
    all.push_back({form_of(x, *this), x.own, forms_of(tables[x.table.value].table, x.columns), x.kept});
  for (auto& x : figures)
    all.push_back({x.entity.value, x.child.value, x.parent ? x.parent->value : -1, x.version});
  return fnv1a(all.dump());
}

} // namespace millrace
