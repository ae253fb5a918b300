#pragma once

/// Kafka's numbers, and what they are above the source: a partition of a table's change topic is a source,
/// and an offset is a position.

#include "messages/units.hpp"

namespace millrace {

/// A record's offset in its Kafka partition; -1 = before the first.
using kafka_offset = strong<struct kafka_offset_tag, std::int64_t>;
/// A Kafka partition's number in its topic.
using partition_id = strong<struct partition_tag, std::int32_t>;

constexpr kafka_offset no_offset{-1};

namespace kafka {

constexpr source_id source_of(table_id table, partition_id partition) {
  return {std::uint64_t{table.value} << 32 | static_cast<std::uint32_t>(partition.value)};
}

constexpr table_id table_of(source_id x) { return {static_cast<std::uint16_t>(x.value >> 32)}; }

constexpr partition_id partition_of(source_id x) {
  return {static_cast<std::int32_t>(x.value & 0xffff'ffff)};
}

/// Returns whether the source is a partition of the table's topic.
constexpr bool feeds(source_id source, table_id table) { return table_of(source) == table; }

constexpr stream_position position_of(kafka_offset x) { return {x.value, 0}; }

constexpr kafka_offset offset_of(stream_position x) { return {x.high}; }

/// Returns the offset after a position: that of the next record, if Kafka has used every offset.
constexpr kafka_offset after(stream_position x) { return {x.high + 1}; }

/// Returns the position before an offset: all records with lower ones are up to there.
constexpr stream_position before(kafka_offset x) { return {x.value - 1, 0}; }

} // namespace kafka

} // namespace millrace
