#pragma once

/// Strong types for numbers, so that an offset can't be passed as an LSN.

#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>

namespace millrace {

/// A number with a meaning. `Tag` separates two meanings at compile time.
template <class Tag, class Rep>
struct strong {
  using rep = Rep;
  Rep value{};
  constexpr auto operator<=>(const strong&) const = default;
};

/// An LSN: a point in PostgreSQL's WAL. 0 = unknown.
using lsn = strong<struct lsn_tag, std::uint64_t>;
/// A record's offset in its Kafka partition; -1 = before the first.
using kafka_offset = strong<struct kafka_offset_tag, std::int64_t>;
/// A Kafka partition's number in its topic.
using partition_id = strong<struct partition_tag, std::int32_t>;
/// A shard's number, 0 to shards - 1. A shard is the unit of ownership.
using shard_id = strong<struct shard_tag, std::uint16_t>;
/// An index into plan_set::tables.
using table_id = strong<struct table_tag, std::uint16_t>;
/// An index into plan_set::entities.
using entity_id = strong<struct entity_tag, std::uint16_t>;
/// An index into plan_set::routes.
using route_id = strong<struct route_tag, std::uint16_t>;
/// An index into plan_set::figures.
using figure_id = strong<struct figure_tag, std::uint16_t>;
/// The tick: seconds since 1970-01-01 UTC, by Redis's clock.
using tick_seconds = strong<struct tick_tag, std::int64_t>;

constexpr kafka_offset nowhere{-1};

/// A cell: one entity in one shard, the unit of delivery.
struct cell_id {
  shard_id shard;
  entity_id entity;
  constexpr auto operator<=>(const cell_id&) const = default;
};

/// One partition of a table's change topic.
struct source_id {
  table_id table;
  partition_id partition;
  constexpr auto operator<=>(const source_id&) const = default;
};

} // namespace millrace

template <class Tag, class Rep>
struct std::hash<millrace::strong<Tag, Rep>> {
  std::size_t operator()(millrace::strong<Tag, Rep> x) const noexcept { return std::hash<Rep>{}(x.value); }
};

template <>
struct std::hash<millrace::cell_id> {
  std::size_t operator()(millrace::cell_id x) const noexcept {
    return (static_cast<std::size_t>(x.shard.value) << 16) | x.entity.value;
  }
};

template <>
struct std::hash<millrace::source_id> {
  std::size_t operator()(millrace::source_id x) const noexcept {
    return (static_cast<std::size_t>(x.table.value) << 32) | static_cast<std::uint32_t>(x.partition.value);
  }
};
