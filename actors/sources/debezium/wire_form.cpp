#include "actors/sources/debezium/wire_form.hpp"

#include <nlohmann/json.hpp>

#include <map>
#include <stdexcept>

namespace millrace {

namespace {

using postgres::column_type;

wire_form catalog_form(const postgres::column& x, const connector_modes& modes) {
  wire_form out;
  if (x.type == column_type::date)
    out.unit = time_unit::day;
  if (x.type == column_type::timestamp || x.type == column_type::time)
    out.unit = x.fraction <= 3 ? time_unit::millisecond : time_unit::microsecond;
  out.base64_decimal = modes.precise_decimals;
  // Debezium adds 2048 to a negative scale. Without a scale, it writes an object.
  if (x.precision > 0 && x.scale >= 0)
    out.scale = x.scale;
  return out;
}

std::optional<time_unit> unit_of(const std::string& logical_name) {
  static const std::map<std::string, time_unit> known{
      {"io.debezium.time.Date", time_unit::day},
      {"org.apache.kafka.connect.data.Date", time_unit::day},
      {"io.debezium.time.Timestamp", time_unit::millisecond},
      {"org.apache.kafka.connect.data.Timestamp", time_unit::millisecond},
      {"io.debezium.time.Time", time_unit::millisecond},
      {"org.apache.kafka.connect.data.Time", time_unit::millisecond},
      {"io.debezium.time.MicroTimestamp", time_unit::microsecond},
      {"io.debezium.time.MicroTime", time_unit::microsecond},
      {"io.debezium.time.NanoTimestamp", time_unit::nanosecond},
      {"io.debezium.time.NanoTime", time_unit::nanosecond}};
  auto at = known.find(logical_name);
  return at == known.end() ? std::nullopt : std::optional(at->second);
}

wire_form schema_form(const nlohmann::json& field) {
  wire_form out;
  out.text = field.at("type") == "string";
  auto name = field.value("name", std::string());
  out.unit = unit_of(name);
  out.base64_decimal = name == "org.apache.kafka.connect.data.Decimal";
  if (out.base64_decimal)
    out.scale = std::stoi(field.at("parameters").at("scale").get<std::string>());
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

std::vector<wire_form> catalog_forms(const postgres::table& of, const connector_modes& modes) {
  std::vector<wire_form> out;
  for (auto& each : of.columns)
    out.push_back(catalog_form(each, modes));
  return out;
}

std::vector<wire_form> text_forms(const postgres::table& of) {
  wire_form text;
  text.postgres = true;
  return std::vector<wire_form>(of.columns.size(), text);
}

std::vector<wire_form> schema_forms(const postgres::table& of, std::string_view schema, schema_part part) {
  std::vector<wire_form> out(of.columns.size());
  auto parsed = nlohmann::json::parse(schema); // throws a std::exception
  for (auto& field : columns_of(parsed, part))
    if (auto at = of.find(field.at("field").get<std::string>()))
      out[*at] = schema_form(field);
  return out;
}

} // namespace millrace
