#pragma once

/// Two tables and a figure of every kind, planned without a server: what tests
/// of cells, routes and actors work on.

#include "actors/figures/plan/planner.hpp"
#include "messages/delivery.hpp"
#include "messages/rows.hpp"

#include <stdexcept>

namespace millrace::test {

inline std::vector<postgres::table> small_catalog() {
  using postgres::column_type;
  postgres::table customers, orders;
  customers.schema = orders.schema = "public";
  customers.name = "customers";
  customers.columns = {{"id", column_type::bigint, "bigint", 0, 0, true},
                       {"name", column_type::text, "text"},
                       {"state", column_type::text, "text"}};
  orders.name = "orders";
  orders.columns = {{"id", column_type::bigint, "bigint", 0, 0, true},
                    {"customer_id", column_type::bigint, "bigint"},
                    {"amount", column_type::numeric, "numeric(10,2)", 10, 2},
                    {"status", column_type::text, "text"}};
  orders.foreign_keys = {{{1}, "public", "customers", {"id"}}};
  for (auto* x : {&customers, &orders}) {
    x->primary_key = {0};
    x->full_identity = true;
  }
  return {customers, orders};
}

/// The figures: a shown row, a keyed group, a rolled-up one, and a join.
inline const char* small_figures() {
  return "-- redis: json customer:{id} name shown\n"
         "SELECT * FROM customers;\n"
         "-- redis: hash customer:{customer_id}:stats name stats\n"
         "SELECT customer_id, count(*) AS orders, sum(amount) AS spent FROM orders GROUP BY customer_id;\n"
         "-- redis: hash orders:by_status field {status} name by_status\n"
         "SELECT status, count(*) AS orders FROM orders GROUP BY status;\n"
         "-- redis: hash geo:revenue field {state} name geo\n"
         "SELECT customers.state, sum(orders.amount) AS revenue FROM orders\n"
         "JOIN customers ON customers.id = orders.customer_id GROUP BY customers.state;\n";
}

inline plan_set plan(const std::string& figures) {
  auto planned = plan_texts({{"figures.sql", figures}}, small_catalog(), {"public"}, {});
  if (!planned.refusals.empty())
    throw std::runtime_error(to_text(planned.refusals.front()));
  return std::move(planned.plans);
}

/// The small shop's plans; one for the whole process.
inline const plan_set& small_shop() {
  static auto out = plan(small_figures());
  return out;
}

inline table_id table_named(const std::string& name) {
  auto& tables = small_shop().tables;
  for (std::uint16_t i = 0; i < tables.size(); ++i)
    if (tables[i].table.name == name)
      return {i};
  throw std::runtime_error("no table " + name);
}

inline entity_id entity_of(const std::string& table) { return {table_named(table).value}; }

/// The way of `table`'s rows to the cells of `entity`'s key.
inline route_id route_of(const std::string& table, const std::string& entity) {
  auto& routes = small_shop().routes;
  for (std::uint16_t i = 0; i < routes.size(); ++i)
    if (routes[i].table == table_named(table) && routes[i].entity == entity_of(entity))
      return {i};
  throw std::runtime_error("no route of " + table + " to " + entity);
}

/// The columns of a whole row that travel on the route, packed.
inline std::string travelling(route_id on, const row& whole) {
  row out;
  for (auto i : small_shop().routes[on.value].columns)
    out.push_back(whole.at(i));
  return pack(out);
}

inline row customer(std::int64_t id, const std::string& name, const std::string& state) {
  return {value{id}, value{name}, value{state}};
}

/// `cents`: the amount times 100.
inline row order(std::int64_t id, std::int64_t customer_id, std::int64_t cents,
                 const std::string& status = "new") {
  return {value{id}, value{customer_id}, value{cents}, value{status}};
}

/// Changes as the router would cut them for one cell.
inline change upsert(route_id on, const row& whole, std::int64_t offset, std::uint64_t at) {
  change out;
  out.kind = change_kind::upsert;
  out.route = on;
  out.where = {offset};
  out.at = {at};
  out.key = pack({whole.at(0)});
  out.columns = travelling(on, whole);
  return out;
}

/// The same row as a read of the whole table shows it.
inline change read(route_id on, const row& whole, std::int64_t offset, std::uint64_t at) {
  auto out = upsert(on, whole, offset, at);
  out.kind = change_kind::read;
  out.op = 'r';
  return out;
}

inline change gone(change_kind kind, route_id on, std::int64_t id, std::int64_t offset, std::uint64_t at) {
  change out;
  out.kind = kind;
  out.op = 'd';
  out.route = on;
  out.where = {offset};
  out.at = {at};
  if (kind != change_kind::truncate)
    out.key = pack({value{id}});
  return out;
}

inline source_id source(const std::string& table, std::int32_t partition = 0) {
  return {std::uint64_t{table_named(table).value} << 32 | static_cast<std::uint32_t>(partition)};
}

/// The batch (prev, last] of one source.
inline change_batch batch(cell_id to, source_id from, std::int64_t prev, std::int64_t last,
                          std::vector<change> changes = {}) {
  change_batch out;
  out.cell = to;
  out.source = from;
  out.prev = {prev};
  out.last = {last};
  out.seen = {{last}, static_cast<std::uint64_t>(last) * 31};
  out.changes = std::move(changes);
  return out;
}

} // namespace millrace::test
