#pragma once

/// The one place of messages/ that knows CAF: type ids and how each noun is
/// inspected, so that any of them may cross to another node.

#include "messages/delivery.hpp"
#include "messages/flush.hpp"
#include "messages/store_write.hpp"
#include "messages/units.hpp"

#include <caf/all.hpp>

#include <array>
#include <cstring>
#include <type_traits>

namespace millrace {

/// What writes or reads the bytes that cross to another node, not the words of a log.
template <class Inspector>
concept wire = requires(Inspector& f, char* bytes) {
  f.apply_raw(std::size_t{1}, bytes);
};

/// Has these cross as they lie in memory: one step for all of them, as CAF takes
/// as long for a step as for a hundred bytes.
template <wire Inspector, class... Ts>
typename Inspector::result_type as_bytes(Inspector& f, Ts&... xs) {
  static_assert((std::has_unique_object_representations_v<Ts> && ...), "padding would cross too");
  std::array<char, (sizeof(Ts) + ...)> bytes;
  auto* at = bytes.data();
  if constexpr (Inspector::reads_state) {
    ((std::memcpy(at, &xs, sizeof xs), at += sizeof xs), ...);
    return f.apply_raw(bytes.size(), bytes.data());
  } else {
    if (auto failed = f.apply_raw(bytes.size(), bytes.data()))
      return failed;
    ((std::memcpy(&xs, at, sizeof xs), at += sizeof xs), ...);
    return {};
  }
}

template <class Inspector, class Tag, class Rep>
typename Inspector::result_type inspect(Inspector& f, strong<Tag, Rep>& x) {
  return f(x.value);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, cell_id& x) {
  return f(caf::meta::type_name("cell_id"), x.shard, x.entity);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, source_id& x) {
  return f(caf::meta::type_name("source_id"), x.table, x.partition);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, change& x) {
  return f(caf::meta::type_name("change"), x.kind, x.op, x.counted, x.route, x.offset, x.at, x.key,
           x.columns);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, change_list& x) {
  if constexpr (std::is_same_v<Inspector, caf::detail::stringification_inspector>) {
    return f(x.packed().all());
  } else if constexpr (Inspector::reads_state) {
    return f(x.packed().bytes());
  } else {
    std::string bytes;
    if (auto failed = f(bytes))
      return failed;
    auto all = packed_changes::from(std::move(bytes));
    if (!all)
      return caf::sec::invalid_argument;
    x = change_list(std::move(*all));
    return {};
  }
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, stamp& x) {
  return f(caf::meta::type_name("stamp"), x.offset, x.hash);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, change_batch& x) {
  if constexpr (wire<Inspector>) {
    if (auto failed =
            as_bytes(f, x.cell, x.source.table, x.source.partition, x.prev, x.last, x.seen, x.acknowledged))
      return failed;
    return f(x.changes);
  } else {
    return f(caf::meta::type_name("change_batch"), x.cell, x.source, x.prev, x.last, x.seen, x.acknowledged,
             x.changes);
  }
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, position& x) {
  if constexpr (wire<Inspector>)
    return as_bytes(f, x.source.table, x.source.partition, x.last, x.seen);
  else
    return f(caf::meta::type_name("position"), x.source, x.last, x.seen);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, cell_positions& x) {
  return f(caf::meta::type_name("cell_positions"), x.cell, x.positions);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, store_write& x) {
  return f(caf::meta::type_name("store_write"), x.figure, x.kind, x.key, x.args, x.ttl_seconds);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, wide_limbs& x) {
  return f(caf::meta::type_name("wide_limbs"), x.limb[0], x.limb[1], x.limb[2], x.limb[3]);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, aggregate_part& x) {
  return f(caf::meta::type_name("aggregate_part"), x.count, x.nans, x.sum, x.best_changed, x.best);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, rollup_part& x) {
  return f(caf::meta::type_name("rollup_part"), x.figure, x.cell, x.group, x.key, x.member, x.shown, x.always,
           x.rows, x.parts, x.closes_at);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, record_count& x) {
  return f(caf::meta::type_name("record_count"), x.table, x.op, x.count);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, cell_output& x) {
  return f(caf::meta::type_name("cell_output"), x.writes, x.rollups, x.counts);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, place_check& x) {
  return f(caf::meta::type_name("place_check"), x.figure, x.key, x.member, x.fingerprint);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, cell_flush& x) {
  return f(caf::meta::type_name("cell_flush"), x.cell, x.owner, x.number, x.positions, x.block, x.generation,
           x.copy_block, x.copy_block_too, x.copy_length, x.output, x.unknown_reads, x.checks, x.checked_all);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, cell_ledger& x) {
  return f(caf::meta::type_name("cell_ledger"), x.cell, x.owner, x.number, x.generation, x.positions,
           x.blocks, x.lost);
}

} // namespace millrace

// Append only: the numbers are the wire format.
CAF_BEGIN_TYPE_ID_BLOCK(millrace, caf::first_custom_type_id)
CAF_ADD_TYPE_ID(millrace, (millrace::cell_id))
CAF_ADD_TYPE_ID(millrace, (millrace::change_batch))
CAF_ADD_TYPE_ID(millrace, (millrace::cell_positions))
CAF_ADD_TYPE_ID(millrace, (millrace::cell_flush))
CAF_ADD_TYPE_ID(millrace, (millrace::cell_ledger))
CAF_ADD_TYPE_ID(millrace, (millrace::table_id))
CAF_ADD_TYPE_ID(millrace, (millrace::figure_id))
CAF_ADD_TYPE_ID(millrace, (millrace::lsn))
CAF_ADD_TYPE_ID(millrace, (millrace::kafka_offset))
CAF_ADD_TYPE_ID(millrace, (std::vector<std::string>))
CAF_ADD_TYPE_ID(millrace, (std::vector<std::int64_t>))
CAF_ADD_TYPE_ID(millrace, (std::vector<millrace::source_id>))
CAF_ADD_TYPE_ID(millrace, (std::vector<millrace::cell_id>))
CAF_ADD_TYPE_ID(millrace, (std::vector<millrace::cell_positions>))

CAF_ADD_ATOM(millrace, millrace::atom, durable, "durable")
CAF_ADD_ATOM(millrace, millrace::atom, gap, "gap")
CAF_ADD_ATOM(millrace, millrace::atom, poll, "poll")
CAF_ADD_ATOM(millrace, millrace::atom, progress, "progress")
CAF_ADD_ATOM(millrace, millrace::atom, status, "status")
CAF_ADD_ATOM(millrace, millrace::atom, collect, "collect")
CAF_ADD_ATOM(millrace, millrace::atom, flushed, "flushed")
CAF_ADD_ATOM(millrace, millrace::atom, load, "load")
CAF_ADD_ATOM(millrace, millrace::atom, publish, "publish")
CAF_ADD_ATOM(millrace, millrace::atom, sweep, "sweep")
CAF_ADD_ATOM(millrace, millrace::atom, written, "written")
CAF_ADD_ATOM(millrace, millrace::atom, dirty, "dirty")
CAF_ADD_ATOM(millrace, millrace::atom, tick, "tick")
CAF_ADD_ATOM(millrace, millrace::atom, rate, "rate")
CAF_ADD_ATOM(millrace, millrace::atom, pause, "pause")
CAF_ADD_ATOM(millrace, millrace::atom, homes, "homes")
CAF_ADD_ATOM(millrace, millrace::atom, sources, "sources")
CAF_ADD_ATOM(millrace, millrace::atom, own, "own")
CAF_ADD_ATOM(millrace, millrace::atom, release, "release")
CAF_ADD_ATOM(millrace, millrace::atom, fenced, "fenced")
CAF_ADD_ATOM(millrace, millrace::atom, hello, "hello")
CAF_ADD_ATOM(millrace, millrace::atom, leave, "leave")
CAF_ADD_ATOM(millrace, millrace::atom, read, "read")
CAF_ADD_TYPE_ID(millrace, (std::vector<millrace::change_batch>))
CAF_ADD_ATOM(millrace, millrace::atom, copy, "copy")
CAF_END_TYPE_ID_BLOCK(millrace)
