#include "actors/sources/debezium/side_topics.hpp"

#include "actors/figures/values/base64.hpp"
#include "actors/sources/debezium/shallow_json.hpp"
#include "actors/sources/debezium/signal.hpp"

#include <nlohmann/json.hpp>
#include <spdlog/spdlog.h>

#include <algorithm>

namespace millrace {

namespace {

using json = nlohmann::json;

/// How many of the newest messages to read: one heartbeat per second, and what a transaction adds to each.
constexpr std::int64_t newest_messages = 32;

/// The heartbeat's prefix (debezium/postgres.json). The random part behind it keeps others from writing
/// heartbeats; the connector leaves out those.
constexpr std::string_view heartbeat_prefix = "millrace.heartbeat";

/// Returns the record's payload, without the schema wrapper.
json payload_of(const kafka::record& x) {
  auto parsed = x.payload ? connect::shallow_json(*x.payload) : json();
  if (parsed.is_object() && parsed.contains("payload") && parsed.contains("schema"))
    return parsed["payload"];
  return parsed;
}

} // namespace

result<side_topics> side_topics::open(const kafka::settings& how, const names& topics) {
  auto reads = kafka::consumer::connect(how);
  if (!reads)
    return reads.why();
  std::map<kafka::topic_partition, kafka_offset> from;
  for (auto& topic : {topics.anchor, topics.notifications, topics.messages}) {
    auto partitions = reads->partitions(topic, std::chrono::seconds{5});
    if (!partitions && topic == topics.messages)
      continue;
    if (!partitions)
      return partitions.why();
    for (auto p : *partitions) {
      auto bounds = reads->bounds({topic, p}, std::chrono::seconds{5});
      if (!bounds)
        return bounds.why();
      auto newest = kafka_offset{bounds->high.value - newest_messages};
      from[{topic, p}] = topic == topics.messages ? std::max(bounds->low, newest) : bounds->low;
    }
  }
  if (auto assigned = reads->assign(from); !assigned)
    return assigned.why();
  side_topics out(std::move(*reads), topics);
  out.next_ = from;
  out.has_messages_ =
      std::any_of(from.begin(), from.end(), [&](auto& x) { return x.first.topic == topics.messages; });
  return out;
}

result<void> side_topics::read(std::chrono::milliseconds wait) {
  auto deadline = std::chrono::steady_clock::now() + wait;
  std::map<kafka::topic_partition, kafka_offset> ends;
  for (auto& [from, _] : next_) {
    auto bounds = reads_.bounds(from, wait);
    if (!bounds)
      return bounds.why();
    ends[from] = bounds->high;
  }
  auto behind = [&](auto& x) { return x.second < ends.at(x.first); };
  while (std::any_of(next_.begin(), next_.end(), behind)) {
    if (std::chrono::steady_clock::now() > deadline)
      return error{errc::unavailable,
                   "Kafka is slow to show " + topics_.anchor + " and " + topics_.notifications};
    for (auto& batch : reads_.poll(1000, std::chrono::milliseconds{20})) {
      if (batch.failed)
        return *batch.failed;
      for (auto& x : batch.records)
        take(batch.from.topic, x);
      next_[batch.from] = std::max(next_[batch.from], batch.next);
    }
  }
  return {};
}

/// Ignores a record of another form: anybody who may write to Kafka can have written it.
void side_topics::take(const std::string& topic, const kafka::record& x) {
  try {
    topic == topics_.anchor ? on_anchor(x) : topic == topics_.messages ? on_message(x) : on_notification(x);
  } catch (const json::exception& why) {
    spdlog::warn("fill: ignoring the record of {} at offset {}: it isn't one of Debezium's ({})", topic,
                 x.offset.value, why.what());
  }
}

void side_topics::on_anchor(const kafka::record& x) {
  auto payload = payload_of(x);
  if (!payload.is_object() || payload.value("op", "") != "r" || !payload.contains("source"))
    return;
  auto& source = payload["source"];
  if (source.contains("lsn") && source["lsn"].is_number_unsigned())
    last_anchor_ = std::max(last_anchor_, lsn{source["lsn"].get<std::uint64_t>()});
}

void side_topics::on_message(const kafka::record& x) {
  auto payload = payload_of(x);
  if (!payload.is_object() || !payload.contains("message") || !payload.contains("source"))
    return;
  auto& message = payload["message"];
  if (!message.is_object() || message.value("prefix", "").rfind(heartbeat_prefix, 0) != 0)
    return;
  auto at = payload["source"].value("lsn", std::uint64_t{0});
  if (at >= last_heartbeat_.at.value)
    last_heartbeat_ = {{at}, from_base64(message.value("content", "")).value_or("")};
}

void side_topics::on_notification(const kafka::record& x) {
  auto payload = payload_of(x);
  if (!payload.is_object() || payload.value("aggregate_type", "") != "Incremental Snapshot")
    return;
  auto id = payload.value("id", "");
  if (payload.contains("additional_data") && payload["additional_data"].is_object())
    id = payload["additional_data"].value("signal_id", id);
  auto type = payload.value("type", "");
  if (auto told = connect::read_notification(*x.payload);
      told && told->step == connect::snapshot_step::table_done)
    scanned_[id].insert(told->table);
  if (type == "COMPLETED")
    snapshots_[id] = snapshot_progress::completed;
  else if (type == "ABORTED" || type == "STOPPED")
    snapshots_[id] = snapshot_progress::failed;
  else if (auto& at = snapshots_[id]; at != snapshot_progress::completed)
    at = snapshot_progress::running;
  spdlog::debug("fill: snapshot {}: {}", id, type);
}

snapshot_progress side_topics::snapshot(const std::string& signal_id,
                                        const std::vector<std::string>& tables) const {
  auto found = snapshots_.find(signal_id);
  if (found == snapshots_.end())
    return snapshot_progress::unknown;
  if (found->second != snapshot_progress::completed)
    return found->second;
  auto scanned = scanned_.find(signal_id);
  for (auto& table : tables)
    if (scanned == scanned_.end() || scanned->second.count(table) == 0)
      return snapshot_progress::failed;
  return snapshot_progress::completed;
}

} // namespace millrace
