#pragma once

/// Type IDs and `inspect` functions of all messages, so that CAF can send them to another node. The
/// only files of messages/ that use CAF are in this folder.

#include "messages/batch.hpp"
#include "messages/delivery.hpp"
#include "messages/flush.hpp"
#include "messages/reports.hpp"
#include "messages/store_write.hpp"
#include "messages/units.hpp"

#include <caf/all.hpp>

#include <array>
#include <cstring>
#include <type_traits>

namespace millrace {

/// An inspector that reads or writes bytes for another node. The one that prints logs isn't.
template <class Inspector>
concept wire = requires(Inspector& f, char* bytes) {
  f.apply_raw(std::size_t{1}, bytes);
};

/// Sends these fields as they are in memory, in one step, because a step costs CAF as much as a hundred
/// bytes.
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
typename Inspector::result_type inspect(Inspector& f, stream_position& x) {
  return f(caf::meta::type_name("stream_position"), x.high, x.low);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, change& x) {
  return f(caf::meta::type_name("change"), x.kind, x.op, x.counted, x.route, x.where, x.at, x.key, x.columns);
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
  return f(caf::meta::type_name("stamp"), x.where, x.hash);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, change_batch& x) {
  if constexpr (wire<Inspector>) {
    if (auto failed = as_bytes(f, x.cell, x.source, x.prev, x.last, x.seen, x.acknowledged))
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
    return as_bytes(f, x.source, x.last, x.seen);
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
typename Inspector::result_type inspect(Inspector& f, alert_subject& x) {
  return f(caf::meta::type_name("alert_subject"), x.what, x.since, x.start, x.columns);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, alert_change& x) {
  return f(caf::meta::type_name("alert_change"), x.figure, x.alert, x.subject, x.what, x.kept, x.now, x.event,
           x.at);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, cell_flush& x) {
  return f(caf::meta::type_name("cell_flush"), x.cell, x.owner, x.number, x.positions, x.block, x.generation,
           x.copy_block, x.copy_block_too, x.copy_length, x.output, x.opened, x.alerts, x.alerts_known,
           x.span.tick, x.span.next, x.unknown_reads, x.checks, x.checked_all);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, cell_ledger& x) {
  return f(caf::meta::type_name("cell_ledger"), x.cell, x.owner, x.number, x.generation, x.tick, x.positions,
           x.blocks, x.alerts, x.alerts_known, x.lost);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, partition_report& x) {
  return f(caf::meta::type_name("partition_report"), x.topic, x.partition, x.read, x.durable, x.paused, x.end,
           x.lag_ms);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, router_report& x) {
  return f(caf::meta::type_name("router_report"), x.records, x.lag_ms, x.own_lag_ms, x.waiting_bytes,
           x.batches_sent_again, x.seeks, x.dead_letters, x.sources);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, finding_report& x) {
  return f(caf::meta::type_name("finding_report"), x.refuses, x.what);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, writer_report& x) {
  return f(caf::meta::type_name("writer_report"), x.flushes, x.commands, x.last_flush, x.failed, x.trouble,
           x.trouble_since, x.findings, x.busy, x.interval_ms);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, doubt_report& x) {
  return f(caf::meta::type_name("doubt_report"), x.reason, x.remedy, x.since);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, connector_report& x) {
  return f(caf::meta::type_name("connector_report"), x.state, x.task, x.trouble, x.restarts);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, slot_report& x) {
  return f(caf::meta::type_name("slot_report"), x.trouble, x.known, x.exists, x.read, x.active,
           x.retained_wal_bytes, x.confirmed_flush, x.still_ms);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, surroundings_report& x) {
  return f(caf::meta::type_name("surroundings_report"), x.slot, x.connector, x.encoding, x.doubts,
           x.open_dead_letters, x.unknown_tables, x.kafka_trouble, x.kafka_trouble_ms);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, fill_report& x) {
  return f(caf::meta::type_name("fill_report"), x.live, x.reason, x.trouble, x.filling, x.unreadable, x.leads,
           x.unserved_cells, x.stage, x.surroundings);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, peer_report& x) {
  return f(caf::meta::type_name("peer_report"), x.address, x.cells, x.trouble);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, member_report& x) {
  return f(caf::meta::type_name("member_report"), x.name, x.address, x.shards, x.sources, x.claims, x.nodes,
           x.trouble, x.load_seconds);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, cell_report& x) {
  return f(caf::meta::type_name("cell_report"), x.rows, x.live, x.groups_bytes, x.rows_of);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, batch_order& x) {
  return f(caf::meta::type_name("batch_order"), x.token, x.number, x.figures);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, batch_result& x) {
  return f(caf::meta::type_name("batch_result"), x.figure, x.rows, x.took_ms, x.why);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, batch_outcome& x) {
  return f(caf::meta::type_name("batch_outcome"), x.number, x.snapshot, x.results, x.fenced);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, batch_report& x) {
  return f(caf::meta::type_name("batch_report"), x.name, x.state, x.why, x.since, x.next, x.last_success,
           x.snapshot, x.run, x.rows, x.took_ms, x.missed);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, scheduler_report& x) {
  return f(caf::meta::type_name("scheduler_report"), x.leads, x.trouble, x.batches);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, receiver_report& x) {
  return f(caf::meta::type_name("receiver_report"), x.name, x.server, x.trouble, x.since, x.next, x.position,
           x.waiting, x.lag_s, x.sent, x.silenced, x.refused, x.lost, x.refusal);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, sender_report& x) {
  return f(caf::meta::type_name("sender_report"), x.leads, x.receivers);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, figure_report& x) {
  return f(caf::meta::type_name("figure_report"), x.name, x.state, x.why, x.since, x.tables, x.rows);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, trouble_report& x) {
  return f(caf::meta::type_name("trouble_report"), x.id, x.what, x.why, x.since);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, silence_report& x) {
  return f(caf::meta::type_name("silence_report"), x.who, x.since);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, node_report& x) {
  return f(caf::meta::type_name("node_report"), x.project, x.now, x.events_per_second, x.rows, x.shards,
           x.router, x.writer, x.fill, x.member, x.scheduler, x.sender, x.figures, x.troubles, x.actors,
           x.silent);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, actor_report& x) {
  return f(caf::meta::type_name("actor_report"), x.kind, x.count, x.silent, x.answered_us);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, row_place_report& x) {
  return f(caf::meta::type_name("row_place_report"), x.figure, x.name, x.key, x.member, x.exists, x.value,
           x.note);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, row_copy_report& x) {
  return f(caf::meta::type_name("row_copy_report"), x.shard, x.entity, x.columns, x.values, x.places);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, row_report& x) {
  return f(caf::meta::type_name("row_report"), x.trouble, x.table, x.shard, x.note, x.copies);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, alert_report& x) {
  return f(caf::meta::type_name("alert_report"), x.alert, x.subject, x.state, x.severity, x.since, x.columns);
}

} // namespace millrace

// Append only: the wire format contains the type numbers.
CAF_BEGIN_TYPE_ID_BLOCK(millrace, caf::first_custom_type_id)
CAF_ADD_TYPE_ID(millrace, (millrace::cell_id))
CAF_ADD_TYPE_ID(millrace, (millrace::change_batch))
CAF_ADD_TYPE_ID(millrace, (millrace::cell_positions))
CAF_ADD_TYPE_ID(millrace, (millrace::cell_flush))
CAF_ADD_TYPE_ID(millrace, (millrace::cell_ledger))
CAF_ADD_TYPE_ID(millrace, (millrace::table_id))
CAF_ADD_TYPE_ID(millrace, (millrace::figure_id))
CAF_ADD_TYPE_ID(millrace, (millrace::lsn))
CAF_ADD_TYPE_ID(millrace, (millrace::stream_position))
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
CAF_ADD_TYPE_ID(millrace, (millrace::router_report))
CAF_ADD_TYPE_ID(millrace, (millrace::writer_report))
CAF_ADD_TYPE_ID(millrace, (millrace::fill_report))
CAF_ADD_TYPE_ID(millrace, (millrace::member_report))
CAF_ADD_TYPE_ID(millrace, (millrace::cell_report))
CAF_ADD_TYPE_ID(millrace, (millrace::node_report))
CAF_ADD_ATOM(millrace, millrace::atom, inspector, "inspector")
CAF_ADD_TYPE_ID(millrace, (millrace::scheduler_report))
CAF_ADD_TYPE_ID(millrace, (millrace::batch_order))
CAF_ADD_TYPE_ID(millrace, (millrace::batch_outcome))
CAF_ADD_ATOM(millrace, millrace::atom, run, "run")
CAF_ADD_ATOM(millrace, millrace::atom, lead, "lead")
CAF_ADD_TYPE_ID(millrace, (millrace::receiver_report))
CAF_ADD_TYPE_ID(millrace, (millrace::sender_report))
CAF_ADD_TYPE_ID(millrace, (std::vector<millrace::row_copy_report>))
CAF_ADD_TYPE_ID(millrace, (millrace::row_report))
CAF_ADD_TYPE_ID(millrace, (std::vector<millrace::alert_report>))
CAF_ADD_ATOM(millrace, millrace::atom, row, "row")
CAF_ADD_ATOM(millrace, millrace::atom, alerts, "alerts")
CAF_ADD_ATOM(millrace, millrace::atom, log_level, "log_level")
CAF_END_TYPE_ID_BLOCK(millrace)
