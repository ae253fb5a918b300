#include "actors/cdc_router/wire_form.hpp"

#include <nlohmann/json.hpp>

#include <charconv>
#include <map>
#include <stdexcept>

namespace millrace {

namespace {

using postgres::column_type;

/// Returns the n of "timestamp(n) without time zone", which is 6 if absent.
int precision_of(std::string_view type_name) {
  int n = 6;
  if (auto open = type_name.find('('); open != std::string_view::npos)
    std::from_chars(type_name.data() + open + 1, type_name.data() + type_name.size(), n);
  return n;
}

/// Returns the s of "numeric(p,s)", nullopt for plain numeric.
std::optional<int> scale_of(const postgres::column& x) {
  if (x.type == column_type::numeric)
    return x.scale;
  auto comma = x.type_name.find(',');
  if (x.type != column_type::numeric_unscaled || comma == std::string::npos)
    return std::nullopt;
  int s = 0;
  std::from_chars(x.type_name.data() + comma + 1, x.type_name.data() + x.type_name.size(), s);
  return s;
}

wire_form catalog_form(const postgres::column& x) {
  wire_form out;
  if (x.type == column_type::date)
    out.unit = time_unit::days;
  if (x.type == column_type::timestamp || x.type == column_type::time)
    out.unit = precision_of(x.type_name) <= 3 ? time_unit::milliseconds : time_unit::microseconds;
  out.decimal_scale = scale_of(x);
  return out;
}

time_unit unit_of(const std::string& logical_name) {
  static const std::map<std::string, time_unit> known{
      {"io.debezium.time.Date", time_unit::days},
      {"org.apache.kafka.connect.data.Date", time_unit::days},
      {"io.debezium.time.Timestamp", time_unit::milliseconds},
      {"org.apache.kafka.connect.data.Timestamp", time_unit::milliseconds},
      {"io.debezium.time.Time", time_unit::milliseconds},
      {"org.apache.kafka.connect.data.Time", time_unit::milliseconds},
      {"io.debezium.time.MicroTimestamp", time_unit::microseconds},
      {"io.debezium.time.MicroTime", time_unit::microseconds},
      {"io.debezium.time.NanoTimestamp", time_unit::nanoseconds},
      {"io.debezium.time.NanoTime", time_unit::nanoseconds}};
  auto at = known.find(logical_name);
  return at == known.end() ? time_unit::unknown : at->second;
}

wire_form schema_form(const nlohmann::json& field) {
  wire_form out;
  out.from_schema = true;
  out.text = field.at("type") == "string";
  auto name = field.value("name", std::string());
  out.unit = unit_of(name);
  if (name == "org.apache.kafka.connect.data.Decimal")
    out.decimal_scale = std::stoi(field.at("parameters").at("scale").get<std::string>());
  return out;
}

const nlohmann::json& columns_of(const nlohmann::json& schema, schema_part part) {
  auto& fields = schema.at("fields");
  if (part == schema_part::key)
    return fields;
  for (auto& field : fields)
    if (field.at("field") == "after" || field.at("field") == "before")
      return field.at("fields");
  throw std::runtime_error("the schema has neither before nor after");
}

} // namespace

std::vector<wire_form> catalog_forms(const postgres::table& of) {
  std::vector<wire_form> out;
  for (auto& each : of.columns)
    out.push_back(catalog_form(each));
  return out;
}

std::vector<wire_form> schema_forms(const postgres::table& of, std::string_view schema, schema_part part) {
  auto out = catalog_forms(of);
  auto parsed = nlohmann::json::parse(schema); // throws what derives from std::exception
  for (auto& field : columns_of(parsed, part))
    if (auto at = of.find(field.at("field").get<std::string>()))
      out[*at] = schema_form(field);
  return out;
}

} // namespace millrace
