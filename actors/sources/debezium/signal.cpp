#include "actors/sources/debezium/signal.hpp"

#include "actors/figures/values/text.hpp"
#include "actors/postgres/session.hpp"
#include "actors/sources/debezium/shallow_json.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <stdexcept>

namespace millrace::connect {

namespace {

using json = nlohmann::json;

/// Returns a standard SQL literal for Debezium's filter, without E'' for a backslash.
std::string literal(const std::string& text) {
  std::string out = "'";
  for (auto c : text)
    out.append(c == '\'' ? 2 : 1, c);
  return out + "'";
}

/// Returns a pattern that matches exactly `name`. A comma is escaped, because it separates list elements.
std::string escaped(const std::string& name) {
  std::string out;
  for (auto c : name) {
    if (std::string_view("\\^$.|?*+()[]{},").find(c) != std::string_view::npos)
      out += '\\';
    out += c;
  }
  return out;
}

snapshot_step step_of(const std::string& type, const std::string& status) {
  if (type == "STARTED")
    return snapshot_step::started;
  if (type == "IN_PROGRESS")
    return snapshot_step::running;
  if (type == "TABLE_SCAN_COMPLETED")
    return status.empty() || status == "SUCCEEDED" || status == "EMPTY" ? snapshot_step::table_done
                                                                        : snapshot_step::failed;
  if (type == "COMPLETED")
    return snapshot_step::completed;
  if (type == "ABORTED" || type == "STOPPED" || type == "SKIPPED")
    return snapshot_step::failed;
  return snapshot_step::other;
}

/// Returns a field as text, whatever its JSON type. Empty if absent.
std::string text_of(const json& from, const char* name) {
  if (!from.is_object() || !from.contains(name) || from[name].is_null())
    return {};
  return from[name].is_string() ? from[name].get<std::string>() : from[name].dump();
}

std::int64_t number_of(const std::string& text) {
  auto digits = !text.empty() && text.size() < 19
                && std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
  return digits ? std::stoll(text) : 0;
}

} // namespace

std::string collection_pattern(const std::string& schema, const std::string& table) {
  return escaped(schema) + "." + escaped(table);
}

// PostgreSQL converts each literal to its column's type.
std::string row_condition(const postgres::table& of, const row& key) {
  if (key.size() != of.primary_key.size() || key.empty())
    throw std::invalid_argument("a key of " + std::to_string(key.size()) + " values for " + of.name);
  std::string out;
  for (std::size_t i = 0; i < key.size(); ++i) {
    auto& column = of.columns[of.primary_key[i]];
    out += (i > 0 ? " AND " : "") + postgres::quoted_name(column.name) + " = "
           + literal(to_text(key[i], column.type, column.scale));
  }
  return out;
}

std::string rows_signal(const postgres::table& of, const std::vector<row>& keys) {
  auto name = collection_pattern(of.schema, of.name);
  std::string filter;
  for (auto& key : keys)
    filter += (filter.empty() ? "(" : " OR (") + row_condition(of, key) + ")";
  return json{{"type", "incremental"},
              {"data-collections", {name}},
              {"additional-conditions", {{{"data-collection", name}, {"filter", filter}}}}}
      .dump();
}

std::optional<notification> read_notification(std::string_view payload) {
  auto x = shallow_json(payload);
  if (x.is_object() && x.contains("schema") && x.contains("payload"))
    x = json(x["payload"]);
  if (!x.is_object() || text_of(x, "aggregate_type") != "Incremental Snapshot")
    return std::nullopt;
  auto more = x.contains("additional_data") ? x["additional_data"] : json();
  notification out;
  out.id = text_of(more, "signal_id");
  if (out.id.empty())
    out.id = text_of(x, "id");
  out.detail = text_of(x, "type");
  out.step = step_of(out.detail, text_of(more, "status"));
  out.table = text_of(more, out.detail == "TABLE_SCAN_COMPLETED" ? "scanned_collection"
                                                                 : "current_collection_in_progress");
  out.rows = number_of(text_of(more, "total_rows_scanned"));
  return out;
}

} // namespace millrace::connect
