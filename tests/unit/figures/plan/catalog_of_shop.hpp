#pragma once

/// A catalog by hand, for the planner's tests without a server: the shop, and
/// tables that have something wrong with them.

#include "actors/figures/plan/planner.hpp"

#include <string>
#include <vector>

namespace millrace::test {

inline postgres::column column(std::string name, postgres::column_type type, std::string type_name,
                               int precision = 0, int scale = 0) {
  postgres::column x;
  x.name = std::move(name);
  x.type = type;
  x.type_name = std::move(type_name);
  x.precision = precision;
  x.scale = scale;
  return x;
}

inline postgres::column integer(std::string name) {
  return column(std::move(name), postgres::column_type::integer, "integer");
}
inline postgres::column bigint(std::string name) {
  return column(std::move(name), postgres::column_type::bigint, "bigint");
}
inline postgres::column text(std::string name) {
  return column(std::move(name), postgres::column_type::varchar, "character varying(50)");
}
inline postgres::column money(std::string name) {
  return column(std::move(name), postgres::column_type::numeric, "numeric(10,2)", 10, 2);
}
inline postgres::column moment(std::string name) {
  return column(std::move(name), postgres::column_type::timestamp, "timestamp without time zone");
}

inline postgres::table table(std::string name, std::vector<postgres::column> columns) {
  postgres::table x;
  x.schema = "public";
  x.name = std::move(name);
  x.columns = std::move(columns);
  x.primary_key = {0};
  x.full_identity = true;
  return x;
}

inline postgres::table with_parent(postgres::table x, std::vector<std::uint16_t> columns, std::string parent,
                                   std::vector<std::string> referred = {"id"}) {
  x.foreign_keys.push_back({std::move(columns), "public", std::move(parent), std::move(referred)});
  return x;
}

inline std::vector<postgres::table> catalog_of_shop() {
  using postgres::column_type;
  std::vector<postgres::table> out;
  out.push_back(table("customers", {integer("id"), text("state"), text("name"), moment("created_at")}));
  auto orders = with_parent(
      table("orders",
            {integer("id"), integer("customer_id"), money("total_amount"), text("status"),
             moment("order_date"), bigint("points"), column("paid", column_type::boolean, "boolean"),
             column("weight", column_type::double_precision, "double precision"),
             column("note", column_type::text, "text"), column("day", column_type::date, "date"),
             column("at", column_type::timestamptz, "timestamp with time zone"),
             column("free", column_type::numeric_unscaled, "numeric"),
             column("code", column_type::bpchar, "character(3)"),
             column("big", column_type::numeric, "numeric(18,4)", 18, 4)}),
      {1}, "customers");
  out.push_back(orders);
  out.push_back(
      with_parent(table("order_items", {integer("id"), integer("order_id"), integer("product_id"),
                                        integer("quantity"), money("unit_price"), integer("stock")}),
                  {2}, "products"));
  out.push_back(table("products", {integer("id"), text("category"), money("price")}));
  // Something is wrong with each of these.
  auto keyless = table("keyless", {integer("id")});
  keyless.primary_key.clear();
  out.push_back(keyless);
  auto later = table("later", {integer("id")});
  later.deferrable_key = true;
  out.push_back(later);
  auto moody = table("moody", {integer("id"), integer("mood")});
  moody.columns[1].type = postgres::column_type::enumeration;
  moody.columns[1].type_name = "ours";
  moody.columns[1].domain = true;
  out.push_back(moody);
  auto thin =
      with_parent(table("thin", {integer("id"), integer("customer_id"), text("status")}), {1}, "customers");
  thin.full_identity = false;
  out.push_back(thin);
  auto view = table("seen", {integer("id")});
  view.kind = postgres::table_kind::view;
  out.push_back(view);
  auto part = table("part", {integer("id")});
  part.kind = postgres::table_kind::partition;
  out.push_back(part);
  auto odd = table("odd", {integer("id"), column("address", column_type::other, "inet"), integer("twice"),
                           text("loose"), text("customer")});
  odd.columns[2].generated = true;
  odd.columns[3].deterministic = false;
  out.push_back(odd);
  auto lines = with_parent(
      table("lines", {integer("invoice"), integer("number"), text("sku"), money("price")}), {0}, "x");
  lines.primary_key = {0, 1};
  out.push_back(lines);
  out.push_back(with_parent(table("returns", {integer("id"), integer("n"), integer("inv"), text("why")}),
                            {1, 2}, "lines", {"number", "invoice"}));
  auto quoted = table("Größe \"x\"", {integer("Id"), text("Straße")});
  quoted.schema = "Läden";
  out.push_back(quoted);
  return out;
}

inline planning plan_of_shop(const std::string& text) {
  return plan_texts({{"f.sql", text}}, catalog_of_shop(), {"public"}, {});
}

} // namespace millrace::test
