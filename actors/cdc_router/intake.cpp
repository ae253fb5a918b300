#include "actors/cdc_router/intake.hpp"

#include <algorithm>

namespace millrace {

namespace {

std::optional<std::string> copy(std::optional<std::string_view> x) {
  return x ? std::optional<std::string>(*x) : std::nullopt;
}

} // namespace

table_intake::table_intake(const plan_set& plans, table_id table, std::uint16_t shards)
    : decoder_(plans, table), routing_(plans, table, shards) {}

taken table_intake::take(const kafka::record_batch& batch, bool first_fill) {
  taken out;
  out.last = {batch.next.value - 1};
  for (auto& record : batch.records) {
    ++out.records;
    auto decoded = decoder_.decode(record.key, record.payload);
    if (!decoded) {
      out.bad.push_back({record.offset, copy(record.key), copy(record.payload), decoded.why().message});
      continue;
    }
    if (!*decoded)
      continue;
    auto& x = **decoded;
    routing_.add(x, record.offset, first_snapshot(x, first_fill), out.changes);
    out.seen = {record.offset, x.stamp};
    out.newest_commit_ms = std::max(out.newest_commit_ms, x.commit_ms);
  }
  return out;
}

bool table_intake::first_snapshot(const table_change& x, bool first_fill) {
  if (!first_fill || x.snapshot != snapshot_kind::initial)
    return false;
  if (!fill_)
    fill_ = x.at;
  return *fill_ == x.at;
}

} // namespace millrace
