#pragma once

/// The text that a connector writes for a value that isn't in the log (an unchanged
/// TOAST value): one of its own, which nobody can guess. It is kept in the connector's
/// configuration, and the connector puts it into a header of every record. So records
/// and their readers agree whatever was lost, and whoever registered the connector.

#include <optional>
#include <string>
#include <string_view>

namespace millrace::connect {

/// The header of a record that says its placeholder (debezium/postgres.json).
constexpr std::string_view placeholder_header = "millrace.placeholder";

/// Debezium's default, known to everybody. Ours begin with it.
constexpr std::string_view public_placeholder = "__debezium_unavailable_value";

/// Returns a placeholder that nobody ever used.
std::string fresh_placeholder();

/// Returns the placeholder of a connector's configuration (JSON), so that it stays;
/// nullopt where it has none of its own.
std::optional<std::string> own_placeholder(const std::string& config);

} // namespace millrace::connect
