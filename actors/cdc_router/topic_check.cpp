#include "actors/cdc_router/topic_check.hpp"

#include <algorithm>
#include <set>

namespace millrace {

namespace {

std::string name_of(const kafka::topic_partition& x) {
  return x.topic + "/" + std::to_string(x.partition.value);
}

std::optional<std::string> ahead_of(const kafka::topic_partition& topic, const ledger_extent& have,
                                    const kafka::watermarks& bounds) {
  if (bounds.high.value > have.highest.value)
    return std::nullopt;
  return name_of(topic) + " ends at offset " + std::to_string(bounds.high.value)
         + ", but the ledger has applied it up to " + std::to_string(have.highest.value)
         + ": Kafka lost its last writes, or the topic was recreated";
}

/// Finds added partitions: those that the ledger doesn't have, of tables that it has.
void find_added(const std::map<source_id, kafka::topic_partition>& sources,
                const std::map<source_id, ledger_extent>& ledger, topic_state& out) {
  std::set<table_id> known;
  for (auto& [source, _] : ledger)
    known.insert(source.table);
  for (auto& [source, topic] : sources)
    if (known.count(source.table) && !ledger.count(source))
      out.to_reread[source.table] = "partitions were added to the topic " + topic.topic
                                    + ", so a key's changes may have come out of order";
}

bool same(const kafka::record& record, const stamp& want) {
  return record.offset == want.offset && record.payload && stamp_of(*record.payload) == want.hash;
}

} // namespace

result<topic_state> compare_topics(kafka::consumer& reads,
                                   const std::map<source_id, kafka::topic_partition>& sources,
                                   const std::map<source_id, ledger_extent>& ledger,
                                   std::chrono::milliseconds timeout) {
  topic_state out;
  find_added(sources, ledger, out);
  std::map<kafka::topic_partition, kafka_offset> wanted;
  std::map<kafka::topic_partition, source_id> source_of;
  for (auto& [source, have] : ledger) {
    auto& topic = sources.at(source);
    auto bounds = reads.bounds(topic, timeout);
    if (!bounds)
      return bounds.why();
    out.broken = ahead_of(topic, have, *bounds);
    if (out.broken)
      return out;
    if (bounds->low.value > have.lowest.value + 1)
      out.to_reread[source.table] = "Kafka has deleted records of " + name_of(topic)
                                    + " before the node read them: it begins at offset "
                                    + std::to_string(bounds->low.value) + ", and the node read it up to "
                                    + std::to_string(have.lowest.value);
    source_of[topic] = source;
    if (have.newest.offset >= bounds->low)
      wanted[topic] = have.newest.offset;
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
        out.broken = name_of(batch.from) + " has another record at offset "
                     + std::to_string(wanted.at(batch.from).value)
                     + " than the ledger has: the topic was recreated";
        return out;
      }
      wanted.erase(batch.from);
    }
  }
  if (!wanted.empty())
    return error{errc::unavailable, name_of(wanted.begin()->first) + " can't be read at offset "
                                        + std::to_string(wanted.begin()->second.value)};
  return out;
}

} // namespace millrace
