#pragma once

/// Real records of Debezium (tests/events) and the tables they are of.

#include "actors/sources/debezium/debezium_decoder.hpp"

#include <nlohmann/json.hpp>

#include <fstream>
#include <map>
#include <stdexcept>

namespace millrace::test {

using postgres::column_type;

/// A column by its name as PostgreSQL writes its type.
inline postgres::column column(const std::string& name, column_type type, const std::string& type_name,
                               bool not_null = false, int precision = 0, int scale = 0) {
  postgres::column x;
  x.name = name;
  x.type = type;
  x.type_name = type_name;
  x.not_null = not_null;
  x.precision = precision;
  x.scale = scale;
  return x;
}

/// `fraction` digits of a second; of a domain where `domain` names one.
inline postgres::column stamp_column(const std::string& name, int fraction = 6,
                                     const std::string& domain = "") {
  auto x = column(name, column_type::timestamp, domain.empty() ? "timestamp without time zone" : domain);
  x.fraction = fraction;
  return x;
}

inline postgres::column time_column(const std::string& name, int fraction = 6) {
  auto x = column(name, column_type::time, "time without time zone");
  x.fraction = fraction;
  return x;
}

inline postgres::column money_column(const std::string& name) {
  return column(name, column_type::numeric, "numeric(10,2)", false, 10, 2);
}

inline postgres::column text_column(const std::string& name) {
  return column(name, column_type::text, "text");
}

inline postgres::table table_of(const std::string& schema, const std::string& name,
                                std::vector<postgres::column> columns, std::vector<std::uint16_t> key = {0}) {
  postgres::table x;
  x.schema = schema;
  x.name = name;
  x.columns = std::move(columns);
  x.primary_key = std::move(key);
  x.full_identity = true;
  return x;
}

/// The tables of tests/events, by name.
inline std::map<std::string, postgres::table> recorded_tables() {
  auto id = column("id", column_type::bigint, "bigint", true);
  auto number = [](const char* name) { return column(name, column_type::integer, "integer"); };
  std::map<std::string, postgres::table> out;
  out["customers"] =
      table_of("cap", "customers",
               {id, text_column("first_name"), text_column("last_name"), text_column("email"),
                text_column("phone"), text_column("address"), text_column("city"), text_column("state"),
                text_column("zip_code"), stamp_column("created_at"), stamp_column("updated_at")});
  out["products"] = table_of("cap", "products",
                             {id, text_column("name"), text_column("description"), money_column("price"),
                              text_column("category"), number("stock_quantity"), stamp_column("created_at"),
                              stamp_column("updated_at")});
  out["orders"] =
      table_of("cap", "orders",
               {id, number("customer_id"), stamp_column("order_date"), money_column("total_amount"),
                text_column("status"), text_column("shipping_address"), stamp_column("created_at"),
                stamp_column("updated_at")});
  out["order_items"] = table_of("cap", "order_items",
                                {id, number("order_id"), number("product_id"), number("quantity"),
                                 money_column("unit_price"), stamp_column("created_at")});
  out["defaults"] = table_of("cap", "defaults", {id, text_column("note"), number("n")});
  out["defaults"].full_identity = false;
  out["kinds"] = table_of(
      "cap", "kinds",
      {column("a", column_type::integer, "integer", true), column("b", column_type::text, "text", true),
       column("i2", column_type::smallint, "smallint"), column("i8", column_type::bigint, "bigint"),
       column("bo", column_type::boolean, "boolean"), column("r", column_type::real, "real"),
       column("d", column_type::double_precision, "double precision"),
       column("num", column_type::numeric_unscaled, "numeric"),
       column("n30", column_type::numeric_unscaled, "numeric(30,10)", false, 30, 10),
       column("t", column_type::time, "time without time zone"),
       column("tz", column_type::timestamptz, "timestamp with time zone"), stamp_column("ts0", 0),
       column("da", column_type::date, "date"), column("u", column_type::uuid, "uuid"),
       column("j", column_type::jsonb, "jsonb"), column("by", column_type::bytea, "bytea")},
      {0, 1});
  return out;
}

/// The table of tests/events/limits.
inline postgres::table limits_table() {
  return table_of("s", "k",
                  {column("id", column_type::integer, "integer", true),
                   column("da", column_type::date, "date"), stamp_column("ts0", 0), stamp_column("ts3", 3),
                   stamp_column("ts"), column("tz", column_type::timestamptz, "timestamp with time zone"),
                   time_column("t"), time_column("t3", 3), column("ch", column_type::bpchar, "character(5)"),
                   column("num", column_type::numeric_unscaled, "numeric"),
                   column("n30", column_type::numeric_unscaled, "numeric(30,10)", false, 30, 10),
                   column("d", column_type::double_precision, "double precision"),
                   column("r", column_type::real, "real"), money_column("n10"),
                   column("j", column_type::json, "json"), column("jb", column_type::jsonb, "jsonb"),
                   column("e", column_type::enumeration, "s.mood")});
}

/// Plans that keep all columns of one table (or those named), by its own key.
inline plan_set plans_of(postgres::table table, const std::vector<std::string>& names = {}) {
  plan_set out;
  route own;
  own.own = true;
  own.by = table.primary_key;
  for (std::uint16_t i = 0; i < table.columns.size(); ++i)
    if (names.empty() || std::find(names.begin(), names.end(), table.columns[i].name) != names.end())
      own.columns.push_back(i);
  out.tables.push_back({std::move(table), true});
  out.routes.push_back(std::move(own));
  return out;
}

/// Adds a route by a foreign key.
inline plan_set with_route_by(plan_set plans, const std::string& column) {
  route foreign;
  foreign.entity = {1};
  foreign.by = {*plans.tables[0].table.find(column)};
  foreign.columns = plans.routes[0].columns;
  plans.routes.push_back(std::move(foreign));
  return plans;
}

struct recorded_event {
  std::string table;
  std::int64_t offset = 0;
  std::optional<std::string> key, payload;
};

/// Reads a file of tests/events (ctest runs in the repository's root), but for
/// the topics that aren't a table's.
inline std::vector<recorded_event> recorded_events(const std::string& file) {
  std::ifstream in("tests/events/" + file + ".jsonl");
  if (!in)
    throw std::runtime_error("tests/events/" + file + ".jsonl isn't there: run in the repository's root");
  std::vector<recorded_event> out;
  auto text = [](const nlohmann::json& x) {
    return x.is_null() ? std::nullopt : std::optional(x.get<std::string>());
  };
  for (std::string line; std::getline(in, line);) {
    auto x = nlohmann::json::parse(line);
    auto topic = x["topic"].get<std::string>();
    if (topic.find(".cap.") != std::string::npos)
      out.push_back({topic.substr(topic.rfind('.') + 1), x["offset"], text(x["key"]), text(x["payload"])});
  }
  return out;
}

/// Reads a file of tests/events/limits: payloads, the first six snapshot reads
/// of rows 1 to 6, the rest the same rows from the stream with ids from 11 on.
inline std::vector<std::string> limit_payloads(const std::string& mode) {
  std::ifstream in("tests/events/limits/" + mode + ".jsonl");
  std::vector<std::string> out;
  for (std::string line; std::getline(in, line);)
    out.push_back(line);
  return out;
}

} // namespace millrace::test
