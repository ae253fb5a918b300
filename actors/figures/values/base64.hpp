#pragma once

/// What Debezium writes as base64: bytes, and unscaled integers of decimals.

#include "actors/figures/values/decimal_text.hpp"

namespace millrace {

/// Returns the bytes, nullopt if `text` isn't base64 (with padding).
std::optional<std::string> from_base64(std::string_view text);

/// Returns the number from its unscaled value: base64 of a big-endian two's
/// complement integer. nullopt if that isn't base64, is empty, or no numeric of PostgreSQL's.
std::optional<decimal> decimal_from_base64(std::string_view text, int scale);

} // namespace millrace
