/// The checks of slot, connector and topics that a node makes every 2 s.

#include "actors/sources/debezium/debezium_capture.hpp"
#include "actors/sources/debezium/unknown_tables.hpp"

#include <spdlog/spdlog.h>

namespace millrace {

namespace {

/// Less than the 5 s after which the inspector reports a silent actor (longest_silence), so that
/// status says that Kafka doesn't answer.
constexpr std::chrono::seconds look_timeout{3};
constexpr std::chrono::seconds count_interval{5};

std::int64_t in_ms(std::chrono::steady_clock::duration x) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(x).count();
}

} // namespace

void debezium_capture::look(bool leads, surroundings_report& out) {
  look_at_topics(leads); // the first, because it tells whether Kafka answers
  out.slot = look_at_slot();
  auto read = out.slot.exists ? std::optional(out.slot.read) : std::nullopt;
  if (leads && how_.look_at_connector)
    out.connector = how_.look_at_connector(read);
  out.unknown_tables = unknown_;
  if (kafka_away_) {
    out.kafka_trouble = kafka_trouble_;
    out.kafka_trouble_ms = in_ms(std::chrono::steady_clock::now() - *kafka_away_);
  }
}

/// A reader of a deleted topic gets no error, and waits until the topic is back. If Kafka doesn't
/// answer, the last count stays.
void debezium_capture::look_at_topics(bool leads) {
  auto now = std::chrono::steady_clock::now();
  if (now - counted_ < count_interval)
    return;
  counted_ = now;
  auto x = consumer();
  if (!x)
    return note_kafka(x.why().message);
  auto topics = (*x)->topics(how_.reader.topic_prefix + ".", look_timeout);
  note_kafka(topics ? "" : topics.why().message);
  if (!topics)
    return;
  for (auto& [_, source] : how_.sources)
    if (topics->count(source.topic) == 0)
      return how_.lost("Kafka has no topic " + source.topic + " any more: somebody deleted it");
  look_at_partitions(*topics, leads);
  auto unknown = unknown_tables(*topics, how_.reader.topic_prefix, how_.side.anchor, plans());
  auto found = count_records(**x, *topics, unknown, look_timeout);
  if (!found)
    return;
  for (auto& [table, records] : *found)
    if (unknown_.count(table) == 0)
      spdlog::warn("fill: no figure reads {}: its topic's records are skipped (up to {})", table, records);
  unknown_ = *found;
}

/// With more partitions, a key's next change can go to another partition. The connector's producer
/// learns of them only minutes later, unless the connector restarts. After the restart everything
/// is in order, and the node's next start has the table read again.
void debezium_capture::look_at_partitions(const std::map<std::string, int>& topics, bool leads) {
  std::map<std::string, int> known;
  for (auto& [_, source] : how_.sources)
    ++known[source.topic];
  for (auto& [topic, count] : known) {
    auto now = topics.find(topic);
    if (now == topics.end() || now->second == count)
      continue;
    if (leads && how_.restart_connector)
      how_.restart_connector();
    return how_.lost("the topic " + topic + " has " + std::to_string(now->second) + " partitions now, not "
                     + std::to_string(count));
  }
}

void debezium_capture::note_kafka(const std::string& trouble) {
  kafka_trouble_ = trouble;
  if (trouble.empty())
    kafka_away_.reset();
  else if (!kafka_away_)
    kafka_away_ = std::chrono::steady_clock::now();
}

slot_report debezium_capture::look_at_slot() {
  auto x = how_.session->get();
  auto slot = x ? (*x)->slot(how_.slot) : result<postgres::slot_state>(x.why());
  std::string complaint;
  if (!slot) {
    complaint = "PostgreSQL: " + slot.why().message;
  } else {
    if (!slot->exists)
      complaint = "the replication slot " + how_.slot
                  + " isn't there: changes made until Debezium makes a new one "
                    "are found by its next snapshot";
    else if (slot->wal_status == "lost")
      complaint = "PostgreSQL has thrown away log that the slot " + how_.slot
                  + " still needs: drop the slot, and "
                    "Debezium takes a new snapshot";
  }
  if (complaint != said_ && !complaint.empty())
    spdlog::warn("fill: {}", complaint);
  said_ = complaint;
  slot_report out;
  out.trouble = complaint;
  auto now = std::chrono::steady_clock::now();
  if (slot) {
    out.known = true;
    out.exists = slot->exists;
    auto seen = reading_.see(slot->active, slot->confirmed_flush, now);
    if (seen.ask)
      (void)(*x)->emit_marker("look");
    out.read = seen.read;
    out.active = slot->active;
    out.retained_wal_bytes = slot->retained_wal_bytes;
    out.confirmed_flush = postgres::to_text(slot->confirmed_flush);
  }
  out.still_ms = in_ms(reading_.still(now));
  return out;
}

} // namespace millrace
