#include "actors/sources/debezium/topic_check.hpp"

#include "actors/sources/debezium/debezium_decoder.hpp"
#include "actors/sources/kafka/last_record.hpp"

#include <algorithm>
#include <set>

namespace millrace {

namespace {

std::optional<std::string> ahead_of(const kafka::topic_partition& topic, const ledger_extent& have,
                                    const kafka::watermarks& bounds) {
  auto highest = kafka::offset_of(have.highest);
  if (bounds.high > highest)
    return std::nullopt;
  return to_text(topic) + " ends at offset " + std::to_string(bounds.high.value)
         + ", but the ledger has applied it up to " + std::to_string(highest.value)
         + ": Kafka lost its last writes, or the topic was recreated";
}

/// Finds added partitions: those that the ledger doesn't have, of tables that it has.
void find_added(const kafka::topics_by_source& sources, const std::map<source_id, ledger_extent>& ledger,
                log_state& out) {
  std::set<table_id> known;
  for (auto& [source, _] : ledger)
    known.insert(kafka::table_of(source));
  for (auto& [source, topic] : sources)
    if (auto table = kafka::table_of(source); known.count(table) && !ledger.count(source))
      out.to_reread[table] = "partitions were added to the topic " + topic.topic
                             + ", so a key's changes may have come out of order";
}

bool same(const kafka::record& record, const stamp& want) {
  return kafka::position_of(record.offset) == want.where && record.payload
         && stamp_of(*record.payload) == want.hash;
}

} // namespace

result<log_state> compare_topics(kafka::consumer& reads, const kafka::topics_by_source& sources,
                                 const std::map<source_id, ledger_extent>& ledger,
                                 std::chrono::milliseconds timeout) {
  log_state out;
  find_added(sources, ledger, out);
  std::map<kafka::topic_partition, kafka_offset> wanted;
  std::map<kafka::topic_partition, source_id> source_of;
  for (auto& [source, have] : ledger) {
    auto found = sources.find(source);
    if (found == sources.end())
      continue;
    auto& topic = found->second;
    auto bounds = reads.bounds(topic, timeout);
    if (!bounds)
      return bounds.why();
    out.broken = ahead_of(topic, have, *bounds);
    if (out.broken)
      return out;
    if (bounds->low > kafka::after(have.lowest))
      out.to_reread[kafka::table_of(source)] =
          "Kafka has deleted records of " + to_text(topic)
          + " before the node read them: it begins at offset " + std::to_string(bounds->low.value)
          + ", and the node read it up to " + std::to_string(kafka::offset_of(have.lowest).value);
    source_of[topic] = source;
    if (auto newest = kafka::offset_of(have.newest.where); newest >= bounds->low)
      wanted[topic] = newest;
  }
  if (wanted.empty())
    return out;
  if (auto assigned = reads.assign(wanted); !assigned)
    return assigned.why();
  auto deadline = std::chrono::steady_clock::now() + timeout;
  while (!wanted.empty() && std::chrono::steady_clock::now() < deadline) {
    for (auto& batch : reads.poll(1, std::chrono::milliseconds{100})) {
      if (!wanted.count(batch.from) || (batch.records.empty() && !batch.failed))
        continue;
      auto source = source_of.at(batch.from);
      if (batch.failed || !same(batch.records.front(), ledger.at(source).newest)) {
        out.broken = to_text(batch.from) + " has another record at offset "
                     + std::to_string(wanted.at(batch.from).value)
                     + " than the ledger has: the topic was recreated";
        return out;
      }
      wanted.erase(batch.from);
    }
  }
  if (!wanted.empty())
    return error{errc::unavailable, to_text(wanted.begin()->first) + " can't be read at offset "
                                        + std::to_string(wanted.begin()->second.value)};
  return out;
}

} // namespace millrace
