#pragma once

/// The servers around a node, for fills and status: PostgreSQL (with the node's role), Kafka's
/// partition ends and side topics, Kafka Connect. Connects when needed, and again after an error.
/// For one thread.

#include "actors/figures/plan/plan.hpp"
#include "actors/fill/catalog_watch.hpp"
#include "actors/fill/fill.hpp"
#include "actors/fill/table_reader.hpp"
#include "actors/redis/store.hpp"
#include "actors/sources/debezium/side_topics.hpp"
#include "actors/sources/debezium/slot_reading.hpp"
#include "actors/sources/kafka/consumer.hpp"
#include "messages/reports.hpp"

#include <memory>
#include <set>

namespace millrace {

struct surroundings_settings {
  postgres::settings postgres;
  kafka::settings kafka;
  std::string slot, topic_prefix;
  side_topics::names side;
  std::string publication;
  std::vector<std::string> roles; ///< that read the tables: of the node and of Debezium
  std::string life;               ///< incarnation of the ledger
  std::string system_identifier;  ///< of the PostgreSQL instance that the ledger belongs to; empty: unknown
  const plan_set* plans = nullptr;
  std::uint16_t shards = 32;
  std::map<source_id, kafka::topic_partition> sources;
  std::function<result<redis::store>()> open_store;
  /// Checks the connector. Empty: the connector isn't watched.
  std::function<connector_report(std::optional<bool> slot_active)> look_at_connector;
  /// Restarts the connector, so that its producer learns of new partitions. Empty: not possible.
  std::function<void()> restart_connector;
  /// Returns the number of open dead letters, by table.
  std::function<result<std::map<std::string, std::int64_t>>()> open_letters;
  std::function<void(std::string)>
      lost; ///< called for another database or other figures: the node starts over
};

class surroundings {
 public:
  explicit surroundings(surroundings_settings how);

  /// Returns what a fill needs, without sweep and publish. Refers to this object.
  fill_backend backend();

  /// Checks connector, slot, dead letters, the tables in the catalog, and topics: missing ones, and
  /// those that no figure reads.
  surroundings_report look(bool leads);

 private:
  result<postgres::session*> session();
  result<redis::store*> store();
  result<kafka::consumer*> consumer();
  /// Returns an error at once while Kafka doesn't answer, so that nobody waits for it but the next look.
  result<void> kafka_answers() const;
  /// Returns the first offset of every partition, or the last one.
  result<offsets_by_source> bounds(bool first);
  result<bool> durable(const offsets_by_source& ends);
  result<std::optional<saved_note>> saved();
  result<void> save(const fill_note& note, bool live);
  result<side_topics*> side();
  result<bool> captured(lsn marker);
  result<void> read(lsn from, const std::vector<std::string>& tables);
  result<void> prove(lsn from, const std::vector<std::string>& tables);
  result<void> doubt(const std::string& why, const std::vector<std::string>& tables);
  result<std::map<std::string, std::string>> to_read_again();
  catalog_watch_settings relied_on() const;
  slot_report look_at_slot();
  std::map<std::string, std::int64_t> look_at_letters();
  void look_at_topics(bool leads);
  void look_at_partitions(const std::map<std::string, int>& topics, bool leads);
  void note_kafka(const std::string& trouble);
  void look_for_change();
  std::map<std::string, doubt_report> look_at_catalog(bool leads);
  void identify(postgres::session& x);
  void look_at_encoding(postgres::session& x);

  surroundings_settings how_;
  std::unique_ptr<postgres::session> session_;
  std::unique_ptr<redis::store> store_;
  std::unique_ptr<kafka::consumer> consumer_;
  std::unique_ptr<side_topics> side_;
  bool side_failed_ = false; ///< `side_` is to be opened again
  table_reader reader_;
  catalog_watch catalog_;
  postgres::catalog_picture read_as_; ///< the tables' facts, right before they were read
  std::string catalog_trouble_;
  std::map<std::string, doubt_report> doubts_; ///< from the last check, by SCHEMA.TABLE
  std::string said_;                           ///< the last complaint about the slot
  connect::slot_reading reading_;
  std::optional<std::string> encoding_trouble_; ///< nullopt: unknown
  std::string kafka_trouble_;
  std::optional<std::chrono::steady_clock::time_point> kafka_away_; ///< when Kafka stopped answering
  std::map<std::string, std::int64_t> unknown_;                     ///< number of records by SCHEMA.TABLE
  std::map<std::string, std::int64_t> letters_;                     ///< open dead letters by SCHEMA.TABLE
  std::chrono::steady_clock::time_point identified_{}, counted_{};
};

} // namespace millrace
