#pragma once

/// The stream's positions, as they are above the source. A slot is one source.

#include "actors/sources/postgres/wal_position.hpp"

namespace millrace::postgres {

/// The number of the one source. No partition of Kafka has it (actors/sources/kafka/units.hpp).
constexpr source_id the_stream{std::uint64_t{1} << 48};

/// Returns whether changes of the table come from the source: the stream has all tables.
constexpr bool feeds(source_id source, table_id) { return source == the_stream; }

constexpr stream_position position_of(const wal_position& x) {
  return {static_cast<std::int64_t>(x.commit.value), static_cast<std::int64_t>(x.place.value)};
}

/// Returns {0, 0} for `nowhere`.
constexpr wal_position wal_of(stream_position x) {
  if (x.high < 0)
    return {};
  return {{static_cast<std::uint64_t>(x.high)}, {static_cast<std::uint64_t>(x.low)}};
}

} // namespace millrace::postgres
