#pragma once

/// What a cell writes to Redis: places of figures, partials of rolled-up figures, and record
/// counters.

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

/// One write to a place. A later write to the same place replaces an earlier one.
struct store_write {
  figure_id figure;
  write_kind kind = write_kind::set;
  std::string key;
  std::vector<std::string> args;
  std::uint32_t ttl_seconds = 0; ///< 0 = none. Every write sets it again
};

/// A 256-bit integer in two's complement, least significant limb first. It holds 10^40 products of
/// two 18-digit factors.
struct wide_limbs {
  std::uint64_t limb[4] = {0, 0, 0, 0};
};

/// The change of one aggregate's partial in one cell.
struct aggregate_part {
  std::int64_t count = 0; ///< of values that aren't NULL
  std::int64_t nans = 0;  ///< of these, numeric NaN
  wide_limbs sum;         ///< of the other values, scaled
  /// min and max: the cell's best value now, as a sortable integer; empty if there is none, "nan"
  /// if it is NaN. Set only if `best_changed`.
  bool best_changed = false;
  std::string best;
};

/// The change of one rolled-up group's partial in one cell since the last flush.
struct rollup_part {
  figure_id figure;
  cell_id cell;       ///< the cell that `best` belongs to
  std::string group;  ///< packed group keys: the field of the hidden hash
  std::string key;    ///< the place, rendered
  std::string member; ///< hash field or zset member, rendered; empty if the place is a key
  std::vector<std::string>
      shown; ///< group keys as the target shows them: JSON for json, text for hash; "" + absent = NULL
  bool always = false; ///< a figure without GROUP BY: its one row always exists
  std::int64_t rows = 0;
  std::vector<aggregate_part> parts; ///< one per entry of figure_plan::aggregates
  std::int64_t closes_at = 0;        ///< tick at which the bucket closes; 0 = never
};

/// Counts of one table's change records by operation: cdc:stats:*, metrics:TABLE:*.
struct record_count {
  table_id table;
  char op = 'c';
  std::int64_t count = 0;
};

/// Everything that one cell's figures have to write since the last drain.
struct cell_output {
  std::vector<store_write> writes;
  std::vector<rollup_part> rollups;
  std::vector<record_count> counts;
};

} // namespace millrace
