#pragma once

/// Merges the writes and partials of many cells into few commands. Pure. The results refer to texts
/// of the input, which must outlive them.

#include "actors/figures/values/numeric.hpp"
#include "messages/flush.hpp"

#include <map>
#include <string_view>

namespace millrace::redis {

/// The commands of functions/places.lua. The numbers are part of its arguments.
enum class command_kind : std::uint8_t { del = 1, mset, set, hdel, hset, zrem, zadd, unstage };

/// One Redis command with `count` arguments, from place_commands::args[first] on. The first
/// argument is the key. del has keys only, and mset has pairs of key and text.
struct place_command {
  command_kind what = command_kind::del;
  figure_id figure;
  std::uint32_t ttl_seconds = 0; ///< of the key args[first]; 0 = none
  std::size_t first = 0;
  std::size_t count = 0;
};

struct place_commands {
  std::vector<place_command> commands;
  std::vector<std::string_view> args;
};

/// Returns commands that write each place once, in its last form. Fields and members of a key come
/// in slices of `slice` arguments. A figure's plain SETs and DELs are combined. An unstage comes
/// after all earlier writes.
place_commands coalesce(const std::vector<cell_flush>& cells, std::size_t slice = 1000);

/// One aggregate's change over all cells of a flush.
struct merged_aggregate {
  std::int64_t count = 0;
  std::int64_t nans = 0;
  wide sum;
  std::vector<std::pair<cell_id, std::string_view>> bests; ///< of the cells whose best value changed
};

/// One group's change over all cells of a flush.
struct merged_rollup {
  const rollup_part* first = nullptr; ///< for the names of the group and its place
  bool always = false;
  std::int64_t rows = 0;
  std::int64_t closes_at = 0;
  std::vector<merged_aggregate> aggregates;
};

/// Returns the groups by figure, each once, in the order of their first partial.
std::map<figure_id, std::vector<merged_rollup>> merge_rollups(const std::vector<cell_flush>& cells);

/// Returns the number of records by table and operation.
std::map<std::pair<table_id, char>, std::int64_t> merge_counts(const std::vector<cell_flush>& cells);

} // namespace millrace::redis
