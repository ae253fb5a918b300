#pragma once

/// Distinguishes a user's text from the placeholder of a value that a record leaves out
/// (actors/sources/debezium/placeholder.hpp).

#include "actors/sources/debezium/placeholder.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace millrace {

/// How the placeholder is written. In a bytea column it is bytes, in base64 or hex as the connector's
/// mode says.
enum class placeholder_form : std::uint8_t { text, bytes };

/// Returns whether a text must be compared with the record's placeholder. Cheap, because it runs for
/// every text of every record.
bool may_be_left_out(std::string_view text, placeholder_form form);

/// Returns whether a text is this placeholder.
bool is_placeholder(std::string_view text, std::string_view placeholder, placeholder_form form);

} // namespace millrace
