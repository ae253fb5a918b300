#pragma once

/// Builds the connector's configuration from its template (debezium/postgres.json).

#include "messages/error.hpp"

#include <map>
#include <string>

namespace millrace::connect {

/// Returns the template as JSON with its placeholders `${name}` filled. Values are escaped as JSON
/// strings. An error (bad_setting) names a placeholder that `values` doesn't have, and never a value.
result<std::string> fill_template(const std::string& text, const std::map<std::string, std::string>& values);

/// Returns `text` with every secret of the configuration masked: the values of keys that mention
/// passwords, secrets, tokens or JAAS.
std::string without_secrets(std::string text, const std::string& config);

/// Returns whether two configurations are equal, apart from the name that Connect adds.
bool same_config(const std::string& a, const std::string& b);

} // namespace millrace::connect
