#pragma once

/// Packs a flush into arguments of the function `flush` (functions/flush.lua), and figures into the
/// specs that functions/rollups.lua reads. Pure.

#include "actors/figures/plan/plan.hpp"
#include "actors/redis/coalesce.hpp"

namespace millrace::redis {

/// The parts of the plans that every flush needs, packed once.
struct packed_plans {
  struct figure {
    std::string name;
    std::string spec;                       ///< msgpack; empty unless the figure is rolled up
    std::string newest;                     ///< key of the copy of its newest place; empty: none
    std::string events, notify;             ///< who follows its places: stream and channel, or empty
    std::uint32_t events_maxlen = 0;        ///< entries of the stream, about
    std::string severity, revision;         ///< of an alert; the revision is the plan's version
    std::uint32_t ttl_seconds = 0;          ///< of an alert's subject that is resolved
    bool expires = false;                   ///< its places have a ttl
    bool closes = false;                    ///< its buckets close: in every flush
    bool fixed_key = false;                 ///< the key is in the spec, so groups don't need it
    std::vector<aggregate_kind> aggregates; ///< of a rolled-up figure
  };
  std::vector<figure> figures;
  std::vector<std::string> tables;     ///< names for counters: orders, or audit.orders
  std::vector<std::string> doubted_as; ///< names for doubts, by table: SCHEMA.TABLE
  std::string key_prefix;              ///< of the counters
};

packed_plans pack_plans(const plan_set& plans);

/// Returns the spec of a rolled-up figure.
std::string pack_spec(const figure_plan& rolled_up);

/// Returns the specs of all rolled-up figures, as one list.
std::string pack_specs(const packed_plans& plans);

/// Returns every key that counters of these plans' tables, and of batch runs, can have.
std::vector<std::string> counter_keys(const plan_set& plans);

/// Returns a cell's name in keys: SHARD:ENTITY.
std::string cell_name(cell_id x);

/// Returns ARGV of the function `flush`.
std::vector<std::string> pack_flush(const std::vector<cell_flush>& cells, tick_seconds tick,
                                    const packed_plans& plans);

/// Returns a subject of an alert as the ledger stores it.
std::string subject_text(const alert_subject& x);
/// Returns the subject; nullopt if the text is damaged.
std::optional<alert_subject> read_subject(const std::string& text);

/// Returns a cell's span of ticks as the ledger stores it, TICK:NEXT; empty if the cell has none.
std::string span_text(const tick_span& x);
/// Returns the span; nullopt if the text is damaged.
std::optional<tick_span> read_span(const std::string& text);

/// Return a position as the ledger stores it: field p:HALF:HALF, the source's number in two, and text
/// LAST:SEEN:HASH.
std::string position_field(source_id x);
std::string position_text(const position& x);
/// Returns the position; nullopt if the field isn't a position, or the text is damaged.
std::optional<position> read_position(const std::string& field, const std::string& text);

} // namespace millrace::redis
