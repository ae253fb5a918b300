#pragma once

/// Turns the writes and rolled-up parts of many cells into few: pure functions.
/// Results refer to the input's texts, which must outlive them.

#include "actors/figures/values/numeric.hpp"
#include "messages/flush.hpp"

#include <map>
#include <string_view>

namespace millrace::redis {

/// What functions/places.lua runs; the numbers are part of its arguments.
enum class command_kind : std::uint8_t { del = 1, mset, set, hdel, hset, zrem, zadd, unstage };

/// One Redis command: `count` of `place_commands::args` from `first` on (key first,
/// but for del and mset, which have keys only and key, text pairs).
struct place_command {
  command_kind what = command_kind::del;
  figure_id figure;
  std::uint32_t ttl_seconds = 0; ///< of args[first]; 0 = none
  std::size_t first = 0;
  std::size_t count = 0;
};

struct place_commands {
  std::vector<place_command> commands;
  std::vector<std::string_view> args;
};

/// Each place once, in its last form, fields and members of a key in slices of
/// `slice` arguments; plain sets and dels of a figure together. An unstage comes
/// after all that was written before it.
place_commands coalesce(const std::vector<cell_flush>& cells, std::size_t slice = 1000);

/// One aggregate's change over all cells of a flush.
struct merged_aggregate {
  std::int64_t count = 0;
  std::int64_t nans = 0;
  wide sum;
  std::vector<std::pair<cell_id, std::string_view>> bests; ///< of the cells where it changed
};

/// One group's change over all cells of a flush.
struct merged_rollup {
  const rollup_part* first = nullptr; ///< names the group and its place
  bool always = false;
  std::int64_t rows = 0;
  std::int64_t closes_at = 0;
  std::vector<merged_aggregate> aggregates;
};

/// Groups by figure, each once, in the order of their first part.
std::map<figure_id, std::vector<merged_rollup>> merge_rollups(const std::vector<cell_flush>& cells);

/// Records by table and op.
std::map<std::pair<table_id, char>, std::int64_t> merge_counts(const std::vector<cell_flush>& cells);

} // namespace millrace::redis
