/// The checks that a node makes every 2 s: slot, catalog, topics, ledger.

#include "actors/fill/surroundings.hpp"

#include "actors/fill/unknown_tables.hpp"
#include "actors/postgres/encoding.hpp"

#include <spdlog/spdlog.h>

namespace millrace {

namespace {

/// Less than the 5 s after which the inspector reports a silent actor (longest_silence), so that
/// status says that Kafka doesn't answer.
constexpr std::chrono::seconds look_timeout{3};
constexpr std::chrono::seconds identify_interval{10}, count_interval{5};

std::int64_t in_ms(std::chrono::steady_clock::duration x) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(x).count();
}

} // namespace

surroundings_report surroundings::look(bool leads) {
  surroundings_report out;
  look_at_topics(leads); // the first, because it tells whether Kafka answers
  out.doubts = look_at_catalog(leads);
  out.slot = look_at_slot();
  auto read = out.slot.exists ? std::optional(out.slot.read) : std::nullopt;
  if (leads && how_.look_at_connector)
    out.connector = how_.look_at_connector(read);
  out.encoding = encoding_trouble_.value_or("");
  out.open_dead_letters = look_at_letters();
  look_for_change();
  out.unknown_tables = unknown_;
  if (kafka_away_) {
    out.kafka_trouble = kafka_trouble_;
    out.kafka_trouble_ms = in_ms(std::chrono::steady_clock::now() - *kafka_away_);
  }
  return out;
}

/// Returns the number of open letters by table. If Kafka doesn't answer, returns the last one.
std::map<std::string, std::int64_t> surroundings::look_at_letters() {
  if (!how_.open_letters || kafka_away_)
    return letters_;
  if (auto letters = how_.open_letters())
    letters_ = std::move(*letters);
  return letters_;
}

/// A reader of a deleted topic gets no error, and waits until the topic is back. If Kafka doesn't
/// answer, the last count stays.
void surroundings::look_at_topics(bool leads) {
  auto now = std::chrono::steady_clock::now();
  if (now - counted_ < count_interval)
    return;
  counted_ = now;
  auto x = consumer();
  if (!x)
    return note_kafka(x.why().message);
  auto topics = (*x)->topics(how_.topic_prefix + ".", look_timeout);
  note_kafka(topics ? "" : topics.why().message);
  if (!topics)
    return;
  for (auto& [_, source] : how_.sources)
    if (topics->count(source.topic) == 0)
      return how_.lost("Kafka has no topic " + source.topic + " any more: somebody deleted it");
  look_at_partitions(*topics, leads);
  auto unknown = unknown_tables(*topics, how_.topic_prefix, how_.side.anchor, *how_.plans);
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
void surroundings::look_at_partitions(const std::map<std::string, int>& topics, bool leads) {
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

void surroundings::note_kafka(const std::string& trouble) {
  kafka_trouble_ = trouble;
  if (trouble.empty())
    kafka_away_.reset();
  else if (!kafka_away_)
    kafka_away_ = std::chrono::steady_clock::now();
}

/// Checks whether the ledger has another incarnation: a user applied figures, or another node
/// created the ledger again.
void surroundings::look_for_change() {
  auto x = store();
  auto replaced = x ? (*x)->replaced(how_.life) : result<std::optional<std::string>>(x.why());
  if (!replaced)
    store_.reset();
  else if (*replaced)
    how_.lost(**replaced);
}

/// Returns the tables in doubt. If a server doesn't answer, returns the last ones.
std::map<std::string, doubt_report> surroundings::look_at_catalog(bool leads) {
  auto ledger = store();
  if (!ledger)
    return doubts_;
  if (auto db = leads ? session() : result<postgres::session*>(nullptr); db && *db) {
    auto looked = catalog_.look(**db, **ledger);
    if (!looked && looked.why().message != catalog_trouble_)
      spdlog::warn("fill: can't compare the tables with PostgreSQL's catalog: {}; trying again",
                   looked.why().message);
    catalog_trouble_ = looked ? "" : looked.why().message;
  }
  auto found = (*ledger)->doubts();
  if (!found)
    return store_.reset(), doubts_;
  doubts_.clear();
  for (auto& [table, x] : *found)
    doubts_[table] = {x.reason, x.remedy, x.since};
  return doubts_;
}

slot_report surroundings::look_at_slot() {
  auto x = session();
  auto slot = x ? (*x)->slot(how_.slot) : result<postgres::slot_state>(x.why());
  std::string complaint;
  if (!slot) {
    complaint = "PostgreSQL: " + slot.why().message;
  } else {
    identify(**x);
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
    look_at_encoding(**x);
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

/// A database's encoding never changes, so one answer is enough.
void surroundings::look_at_encoding(postgres::session& x) {
  if (encoding_trouble_)
    return;
  auto found = postgres::encoding_trouble(x);
  if (!found)
    return;
  encoding_trouble_ = *found;
  if (!found->empty())
    spdlog::warn("fill: {}", *found);
}

/// Checks the system identifier, because LSNs are only comparable within one PostgreSQL instance.
void surroundings::identify(postgres::session& x) {
  auto now = std::chrono::steady_clock::now();
  if (how_.system_identifier.empty() || now - identified_ < identify_interval)
    return;
  identified_ = now;
  auto id = x.system_identifier();
  if (id && *id != how_.system_identifier)
    how_.lost("PostgreSQL is another database cluster now (" + *id + ", not " + how_.system_identifier + ")");
}

} // namespace millrace
