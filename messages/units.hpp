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
/// A log of changes that has an order of its own. Only the source that gave the number knows what it
/// stands for (actors/sources/change_source.hpp).
using source_id = strong<struct source_tag, std::uint64_t>;
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

/// A place in a source's log. Two of one source can be compared, and that is all that is known of them
/// outside the source: there is no next one, and no distance.
struct stream_position {
  std::int64_t high = 0, low = 0;
  constexpr auto operator<=>(const stream_position&) const = default;
};

/// Before everything in a log.
constexpr stream_position nowhere{-1, 0};

/// A cell: one entity in one shard, the unit of delivery.
struct cell_id {
  shard_id shard;
  entity_id entity;
  constexpr auto operator<=>(const cell_id&) const = default;
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
