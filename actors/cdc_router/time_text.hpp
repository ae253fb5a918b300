#pragma once

/// Dates and times in ISO 8601, as Debezium writes them.

#include <cstdint>
#include <optional>
#include <string_view>

namespace millrace {

/// Returns the days since 1970-01-01 of "2026-02-28Z" (with or without the Z).
/// Years may have a sign and any length; year 0 is 1 BC. nullopt if it is no date.
std::optional<std::int64_t> days_from_iso(std::string_view text);

/// Returns the microseconds since 1970-01-01 UTC of "2026-02-28T23:59:59.5Z":
/// no fraction or one of up to nine digits (beyond six: cut off); Z, an offset
/// or nothing at the end. "infinity" and "-infinity" are the ends of the range.
std::optional<std::int64_t> microseconds_from_iso(std::string_view text);

/// Returns the microseconds since midnight of "23:59:59.5Z"; 24:00:00 too.
std::optional<std::int64_t> time_of_day_from_iso(std::string_view text);

} // namespace millrace
