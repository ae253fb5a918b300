#pragma once

/// The connector's configuration from its template (debezium/postgres.json).

#include "messages/error.hpp"

#include <map>
#include <string>

namespace millrace::connect {

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
