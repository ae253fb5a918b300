#pragma once

/// Tells a text that somebody wrote from the placeholder of a value that a record
/// leaves out (actors/sources/debezium/placeholder.hpp).

#include "actors/sources/debezium/placeholder.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace millrace {

/// A column of type bytea has the placeholder's bytes in the mode of the connector:
/// base64, or hex.
enum class placeholder_form : std::uint8_t { text, bytes };

/// Tells whether a text must be held against the record's placeholder. Cheap: for
/// every text of every record.
bool may_be_left_out(std::string_view text, placeholder_form form);

/// Tells whether a text is this placeholder.
bool is_placeholder(std::string_view text, std::string_view placeholder, placeholder_form form);

} // namespace millrace
