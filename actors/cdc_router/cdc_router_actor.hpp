#pragma once

/// The router: reads this node's partitions, and delivers every change to its cells once and in
/// order.

#include "actors/cdc_router/delivery_window.hpp"
#include "actors/cdc_router/intake.hpp"
#include "actors/cdc_router/lag_meter.hpp"
#include "actors/interfaces.hpp"
#include "actors/sources/kafka/producer.hpp"

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <set>

namespace millrace {

struct cdc_router_settings {
  const plan_set* plans = nullptr;
  std::uint16_t shards = 32;
  std::string topic_prefix;                            ///< Debezium's: PREFIX.SCHEMA.TABLE
  std::string dead_letters;                            ///< dead-letter topic
  std::map<source_id, kafka::topic_partition> sources; ///< all partitions of the project
  connector_modes modes;                               ///< of the connector, for records without a schema
  bool first_fill = false;                             ///< no cell has a row yet
  lsn birth;                                           ///< as table_intake's
  std::size_t credit_bytes = 4 << 20;                  ///< send buffer's limit per cell
  std::size_t poll_records = 2000;                     ///< per partition and poll
  std::chrono::milliseconds poll_wait{5};
  std::shared_ptr<last_record> reading =
      std::make_shared<last_record>();  ///< file with the record being processed
  std::function<std::int64_t()> now_ms; ///< wall clock, Unix time, ms
  std::function<void(std::string)> lost;
};

struct cdc_router_state {
  static inline constexpr const char* name = "cdc_router";
  explicit cdc_router_state(cdc_router_actor::stateful_pointer<cdc_router_state> self) : self(self) {}

  cdc_router_actor::behavior_type make_behavior(cdc_router_settings settings, kafka::consumer reads,
                                                kafka::producer writes);
  void open_window();
  void take_homes(const std::vector<cells_behind>& x);
  void tell_progress();
  void put(const change_batch& x);
  void send_out();
  void take_sources(const std::vector<source_id>& mine, const std::vector<cell_positions>& have);
  result<kafka_offset> first_to_read(source_id source);
  void open_chains(source_id source, const std::vector<cell_positions>& have);
  void poll();
  bool take(const kafka::record_batch& batch);
  bool bury(const taken& x, const kafka::topic_partition& from);
  void mind_credit();
  void commit();
  router_report status() const;

  cdc_router_actor::stateful_pointer<cdc_router_state> self;
  cdc_router_settings how;
  std::unique_ptr<kafka::consumer> consumer;
  std::unique_ptr<kafka::producer> producer;
  std::map<cell_id, dispatcher_actor> doors;           ///< dispatcher by cell
  std::map<source_id, kafka::topic_partition> sources; ///< this router's partitions
  std::map<kafka::topic_partition, source_id> source_of;
  std::map<table_id, table_intake> intakes;
  std::unique_ptr<delivery_window> window;
  std::map<dispatcher_actor, std::vector<change_batch>>
      outbox; ///< batches by dispatcher, sent at the end of each step
  std::size_t outbox_bytes = 0;
  std::set<source_id> paused;
  lag_meter lag;
  std::int64_t records = 0;
  std::map<std::string, std::int64_t> dead; ///< dead letters sent by this node, by table
  std::map<kafka::topic_partition, kafka_offset> committed;
};

/// Returns the router's behavior. Spawn it detached: the Kafka poll blocks its thread.
cdc_router_actor::behavior_type cdc_router(cdc_router_actor::stateful_pointer<cdc_router_state> self,
                                           cdc_router_settings how, std::shared_ptr<kafka::consumer> reads,
                                           std::shared_ptr<kafka::producer> writes);

} // namespace millrace
