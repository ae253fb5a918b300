#pragma once

/// Decodes what Debezium writes as base64: bytes, and the unscaled integers of decimals.

#include "actors/figures/values/decimal_text.hpp"

namespace millrace {

/// Returns the bytes. Returns nullopt if `text` isn't base64 with padding.
std::optional<std::string> from_base64(std::string_view text);

/// Returns the number of an unscaled value: base64 of a big-endian two's complement integer. Returns
/// nullopt if `text` isn't base64 or is empty, or if PostgreSQL's numeric can't hold the number.
std::optional<decimal> decimal_from_base64(std::string_view text, int scale);

} // namespace millrace
