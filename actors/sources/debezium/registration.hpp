#pragma once

/// The connector's configuration from its template (debezium/postgres.json).

#include "actors/figures/plan/plan.hpp"
#include "messages/error.hpp"

#include <map>
#include <string>
#include <string_view>

namespace millrace::connect {

/// Returns table.include.list: the captured tables, and anchor and
/// debezium_signal of Millrace's own schema.
std::string table_list(const plan_set& plans, const std::string& own_schema = "millrace");

/// Returns a word that tells which tables are captured, for the connector's heartbeat:
/// what it says has come through the log from a Debezium that runs with these tables.
std::string capture_mark(const plan_set& plans);
/// Tells whether a heartbeat's word names all captured tables of the plans.
bool captures_all(std::string_view mark, const plan_set& plans);

/// Returns the template with its places `${name}` filled, as JSON. A value is
/// put into a JSON string, so no value can break out of it. An error
/// (bad_setting) names a place that `values` doesn't have, never a value.
result<std::string> fill_template(const std::string& text, const std::map<std::string, std::string>& values);

/// Returns `text` with every secret of the configuration replaced: values of
/// keys that speak of passwords, secrets, tokens or JAAS.
std::string without_secrets(std::string text, const std::string& config);

/// Tells whether two configurations say the same; Connect adds the name.
bool same_config(const std::string& a, const std::string& b);

} // namespace millrace::connect
