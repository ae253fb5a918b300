#include "actors/sources/debezium/intake.hpp"

#include "actors/sources/debezium/left_out.hpp"

#include <algorithm>

namespace millrace {

namespace {

std::optional<std::string> copy(std::optional<std::string_view> x) {
  return x ? std::optional<std::string>(*x) : std::nullopt;
}

/// Returns the placeholder header's value. An empty value counts as NULL, because Kafka's NULL
/// reads as empty.
std::optional<std::string> placeholder_in(const kafka::record& x) {
  for (auto& [name, value] : kafka::headers_of(x))
    if (name == connect::placeholder_header && !value.empty())
      return value;
  return std::nullopt;
}

} // namespace

table_intake::table_intake(const plan_set& plans, table_id table, std::uint16_t shards,
                           const connector_modes& modes, lsn birth)
    : table_(table), decoder_(plans, table, modes), routing_(plans, table, shards), birth_(birth) {}

taken table_intake::take(const kafka::record_batch& batch, bool first_fill, kafka::last_record& at) {
  taken out;
  out.source = kafka::source_of(table_, batch.from.partition);
  out.last = kafka::before(batch.next);
  at.enter(batch.from);
  auto& suspect = at.suspect();
  auto suspected = suspect && suspect->from == batch.from ? suspect->offset : no_offset;
  for (auto& record : batch.records) {
    ++out.records;
    if (record.offset == suspected) {
      out.bad.push_back(
          bad(record, "two processes of this node ended at this record, so the node skipped it"));
      continue;
    }
    at.at(record.offset);
    take_one(record, first_fill, out);
  }
  at.leave();
  return out;
}

void table_intake::take_one(const kafka::record& record, bool first_fill, taken& out) {
  auto decoded = decoder_.decode(record.key, record.payload, [&record] { return placeholder_in(record); });
  if (!decoded) {
    if (is_before_birth(record)) {
      ++out.left_out;
      return;
    }
    out.bad.push_back(bad(record, decoded.why().message));
    return;
  }
  if (!*decoded)
    return;
  auto& x = **decoded;
  auto at = kafka::position_of(record.offset);
  routing_.add(x, at, first_snapshot(x, first_fill), out.changes);
  out.seen = {at, x.stamp};
  out.newest_commit_ms = std::max(out.newest_commit_ms, x.commit_ms);
}

bad_record table_intake::bad(const kafka::record& x, std::string why) const {
  return {kafka::position_of(x.offset), table_, copy(x.key), copy(x.payload), std::move(why)};
}

bool table_intake::is_before_birth(const kafka::record& x) const {
  if (birth_.value == 0 || !x.payload)
    return false;
  auto at = lsn_of(*x.payload);
  return at && at->value > 0 && *at <= birth_; // 0: it tells no LSN
}

bool table_intake::first_snapshot(const table_change& x, bool first_fill) {
  if (!first_fill || x.snapshot != snapshot_kind::initial)
    return false;
  if (!fill_)
    fill_ = x.at;
  return *fill_ == x.at;
}

} // namespace millrace
