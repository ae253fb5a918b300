#pragma once

/// A flush as the arguments of the function `flush` (functions/flush.lua), and
/// figures as the specs that functions/rollups.lua reads. Pure.

#include "actors/figures/plan/plan.hpp"
#include "actors/redis/coalesce.hpp"

namespace millrace::redis {

/// What every flush needs of the plans: made once.
struct packed_plans {
  struct figure {
    std::string name;
    std::string spec;                       ///< msgpack; empty if it isn't rolled up
    bool expires = false;                   ///< its places have a ttl
    bool closes = false;                    ///< its buckets close: sent with every flush
    bool fixed_key = false;                 ///< the spec has the key, groups need not
    std::vector<aggregate_kind> aggregates; ///< of a rolled-up one
  };
  std::vector<figure> figures;
  std::vector<std::string> tables;     ///< as counters name them: orders, or audit.orders
  std::vector<std::string> doubted_as; ///< by table: SCHEMA.TABLE
  std::string key_prefix;              ///< of counters
};

packed_plans pack_plans(const plan_set& plans);

/// Returns a rolled-up figure's spec.
std::string pack_spec(const figure_plan& rolled_up);

/// Returns the specs of all rolled-up figures, as a list.
std::string pack_specs(const packed_plans& plans);

/// Returns every key that counters of these plans' tables may have.
std::vector<std::string> counter_keys(const plan_set& plans);

/// Returns a cell's name in keys: SHARD:ENTITY.
std::string cell_name(cell_id x);

/// Returns the function's ARGV.
std::vector<std::string> pack_flush(const std::vector<cell_flush>& cells, tick_seconds tick,
                                    const packed_plans& plans);

/// A position as the ledger has it: field p:TABLE:PARTITION, text LAST:OFFSET:HASH.
std::string position_field(source_id x);
std::string position_text(const position& x);
/// Nothing if the field is none of ours or the text is damaged.
std::optional<position> read_position(const std::string& field, const std::string& text);

} // namespace millrace::redis
