#pragma once

/// Reads dates and times from text: in ISO 8601, as Debezium writes them, and as PostgreSQL prints
/// them in a pinned session (TimeZone UTC, DateStyle ISO). Results are in the form of
/// messages/values.hpp.

#include <cstdint>
#include <optional>
#include <string_view>

namespace millrace {

/// Returns the days since 1970-01-01 of "2026-02-28Z"; the Z is optional. Years can have a sign and any
/// length, and year 0 is 1 BC. Returns nullopt if `text` isn't a date.
std::optional<std::int64_t> days_from_iso(std::string_view text);

/// Returns the microseconds since 1970-01-01 UTC of "2026-02-28T23:59:59.5Z". The fraction is optional
/// and has up to nine digits; those after the sixth are cut off. The end is Z, an offset or nothing.
/// "infinity" and "-infinity" are the ends of the range. Returns nullopt from
/// 294247-01-10 04:00:54.775807 on, where 64 bits end.
std::optional<std::int64_t> microseconds_from_iso(std::string_view text);

/// Returns the microseconds since midnight of "23:59:59.5Z". Accepts 24:00:00.
std::optional<std::int64_t> time_of_day_from_iso(std::string_view text);

/// Returns the days since 1970-01-01 of "0044-03-15 BC" or "infinity".
std::optional<std::int64_t> days_from_postgres(std::string_view text);

/// Returns the microseconds since 1970-01-01 UTC of "0044-03-15 12:00:00.5 BC",
/// "2024-02-29 10:00:00+00" or "infinity". Returns nullopt from 294247-01-10 04:00:54.775807 on, where
/// 64 bits end; PostgreSQL's timestamps reach 294276.
std::optional<std::int64_t> microseconds_from_postgres(std::string_view text);

/// Returns the microseconds since midnight of "23:59:59.5". Accepts 24:00:00.
std::optional<std::int64_t> time_of_day_from_postgres(std::string_view text);

/// Returns the microseconds of an interval that PostgreSQL printed (IntervalStyle postgres): "1 day
/// 02:00:00.5", "-00:05:00". A day has 24 hours, as in UTC. Returns nullopt for months and years, and
/// beyond 64 bits.
std::optional<std::int64_t> interval_from_postgres(std::string_view text);

} // namespace millrace
