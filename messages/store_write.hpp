#pragma once

/// What a cell wants written to Redis: places of figures, parts of rolled-up
/// figures, counters of records.

#include "messages/units.hpp"

#include <optional>
#include <string>
#include <vector>

namespace millrace {

enum class write_kind : std::uint8_t {
  set,     ///< key, args = [text]
  del,     ///< key
  hset,    ///< key, args = [field, text, ...]
  hdel,    ///< key, args = [field, ...]
  zadd,    ///< key, args = [score, member, ...]
  zrem,    ///< key, args = [member, ...]
  unstage, ///< key, args = [staged key]: RENAME staged to key, then the ttl
};

/// One write to a place. Later writes to the same place replace earlier ones.
struct store_write {
  figure_id figure;
  write_kind kind = write_kind::set;
  std::string key;
  std::vector<std::string> args;
  std::uint32_t ttl_seconds = 0; ///< 0 = none; set anew by every write
};

/// An integer of 256 bits, two's complement, least significant limb first:
/// room for 10^40 products of two 18-digit factors.
struct wide_limbs {
  std::uint64_t limb[4] = {0, 0, 0, 0};
};

/// What one aggregate of a rolled-up group gains (or loses) in one cell.
struct aggregate_part {
  std::int64_t count = 0; ///< of the values that aren't NULL
  std::int64_t nans = 0;  ///< of them, numeric NaN
  wide_limbs sum;         ///< of the others, scaled
  /// min, max: the cell's best value now, as sortable integer (empty: none).
  /// "nan" where the best is NaN. Only set if `best_changed`.
  bool best_changed = false;
  std::string best;
};

/// One rolled-up group's change in one cell since the last flush.
struct rollup_part {
  figure_id figure;
  cell_id cell;       ///< whose best values these are
  std::string group;  ///< packed group keys: the field of the hidden hash
  std::string key;    ///< the place, rendered
  std::string member; ///< hash field or zset member, rendered; else empty
  std::vector<std::string>
      shown; ///< group keys as the target shows them: JSON for json, text for hash; "" + absent = NULL
  bool always = false; ///< a figure without GROUP BY: its one row stays
  std::int64_t rows = 0;
  std::vector<aggregate_part> parts; ///< as figure_plan::aggregates
  std::int64_t closes_at = 0;        ///< tick at which the bucket closes; 0 = never
};

/// Counters of change records of one table: cdc:stats:*, metrics:TABLE:*.
struct record_count {
  table_id table;
  char op = 'c';
  std::int64_t count = 0;
};

/// All that one cell's figures want written since the last drain.
struct cell_output {
  std::vector<store_write> writes;
  std::vector<rollup_part> rollups;
  std::vector<record_count> counts;
};

} // namespace millrace
