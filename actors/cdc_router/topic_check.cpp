#include "actors/cdc_router/topic_check.hpp"

#include <algorithm>

namespace millrace {

namespace {

std::string name_of(const kafka::topic_partition& x) {
  return x.topic + "/" + std::to_string(x.partition.value);
}

std::optional<std::string> out_of_bounds(const kafka::topic_partition& topic, const ledger_extent& have,
                                         const kafka::watermarks& bounds) {
  if (bounds.low.value > have.lowest.value + 1)
    return name_of(topic) + " begins at offset " + std::to_string(bounds.low.value)
           + ", but the ledger has it only up to " + std::to_string(have.lowest.value);
  if (bounds.high.value <= have.highest.value)
    return name_of(topic) + " ends at offset " + std::to_string(bounds.high.value)
           + ", but the ledger has it up to " + std::to_string(have.highest.value)
           + ": Kafka lost its tail, or the topic was made anew";
  return std::nullopt;
}

bool same(const kafka::record& record, const stamp& want) {
  return record.offset == want.offset && record.payload && stamp_of(*record.payload) == want.hash;
}

} // namespace

result<std::optional<std::string>> find_break(kafka::consumer& reads,
                                              const std::map<source_id, kafka::topic_partition>& sources,
                                              const std::map<source_id, ledger_extent>& ledger,
                                              std::chrono::milliseconds timeout) {
  std::map<kafka::topic_partition, kafka_offset> wanted;
  std::map<kafka::topic_partition, source_id> source_of;
  for (auto& [source, have] : ledger) {
    auto& topic = sources.at(source);
    auto bounds = reads.bounds(topic, timeout);
    if (!bounds)
      return bounds.why();
    if (auto out = out_of_bounds(topic, have, *bounds))
      return out;
    source_of[topic] = source;
    if (have.newest.offset >= bounds->low)
      wanted[topic] = have.newest.offset;
  }
  if (wanted.empty())
    return std::optional<std::string>{};
  if (auto assigned = reads.assign(wanted); !assigned)
    return assigned.why();
  auto deadline = std::chrono::steady_clock::now() + timeout;
  while (!wanted.empty() && std::chrono::steady_clock::now() < deadline) {
    for (auto& batch : reads.poll(1, std::chrono::milliseconds{100})) {
      if (!wanted.count(batch.from) || (batch.records.empty() && !batch.failed))
        continue;
      auto source = source_of.at(batch.from);
      if (batch.failed || !same(batch.records.front(), ledger.at(source).newest))
        return std::optional<std::string>(name_of(batch.from) + " has another record at offset "
                                          + std::to_string(wanted.at(batch.from).value)
                                          + " than the ledger saw there: the topic was made anew");
      wanted.erase(batch.from);
    }
  }
  if (!wanted.empty())
    return error{errc::unavailable, name_of(wanted.begin()->first) + " can't be read at offset "
                                        + std::to_string(wanted.begin()->second.value)};
  return std::optional<std::string>{};
}

} // namespace millrace
