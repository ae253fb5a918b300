#pragma once

/// The text that a connector writes for a value that isn't in the WAL (an unchanged TOAST value). It is
/// random, so that no user can guess it. The connector's configuration stores it, and the connector
/// writes it into a header of every record. So readers get it from the record itself, whatever was lost
/// and whoever registered the connector.

#include <optional>
#include <string>
#include <string_view>

namespace millrace::connect {

/// The record header that contains the placeholder (debezium/postgres.json).
constexpr std::string_view placeholder_header = "millrace.placeholder";

/// Debezium's default, which is public. Millrace's placeholders begin with it.
constexpr std::string_view public_placeholder = "__debezium_unavailable_value";

/// Returns a new random placeholder.
std::string fresh_placeholder();

/// Returns the placeholder in a connector's configuration (JSON), to keep it. Returns nullopt if the
/// configuration has no placeholder of Millrace's.
std::optional<std::string> own_placeholder(const std::string& config);

} // namespace millrace::connect
