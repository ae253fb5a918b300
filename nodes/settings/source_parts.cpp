#include "nodes/settings/source_parts.hpp"

#include "actors/sources/debezium/change_topics.hpp"
#include "actors/sources/debezium/debezium_capture.hpp"
#include "actors/sources/debezium/debezium_replay.hpp"
#include "actors/sources/debezium/topics.hpp"
#include "actors/sources/kafka/letter_topic.hpp"
#include "nodes/settings/project_parts.hpp"

#include <spdlog/spdlog.h>

namespace millrace {

namespace {

constexpr std::chrono::seconds kafka_timeout{15};

std::int64_t unix_ms() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

/// Reads what the previous process was doing when it ended. If that isn't possible (full disk, another user's
/// folder), the node serves anyway.
kafka::last_record reading_of(const settings& how) {
  if (how.state_dir.empty())
    return {};
  auto name = how.is_one_of_many() ? how.project + "-" + how.node_name : how.project;
  auto out = kafka::last_record::open(how.state_dir + "/" + name + ".record");
  if (!out) {
    spdlog::warn("node: {}; this node can't skip a record that ends its process", out.why().message);
    return {};
  }
  if (auto& suspect = out->suspect())
    spdlog::error("node: skipping the record {}: two processes ended at it", to_text(*suspect));
  return std::move(*out);
}

} // namespace

result<project_sources> find_sources(const settings& how, const plan_set& plans) {
  if (auto both = connect::topics_that_meet(plans, how.topic_prefix); !both.empty())
    return error{errc::bad_setting, "the tables " + both
                                        + " would share a topic: Kafka takes letters, digits, '.', '_' and "
                                          "'-' only, and Debezium writes '_' for the rest"};
  auto writes = kafka::producer::connect(how.kafka);
  if (!writes)
    return writes.why();
  auto topics = connect::topics_of(plans, how.topic_prefix, how.project, how.shards, how.owner.own_schema);
  if (auto created = writes->create(topics, kafka_timeout); !created)
    return created.why();
  auto reads = kafka::consumer::connect(how.kafka);
  if (!reads)
    return reads.why();
  project_sources out;
  for (std::uint16_t i = 0; i < plans.tables.size(); ++i) {
    auto& table = plans.tables[i];
    if (!table.captured)
      continue;
    auto topic = connect::change_topic(how.topic_prefix, table.table);
    auto partitions = reads->partitions(topic, kafka_timeout);
    if (!partitions)
      return partitions.why();
    for (auto p : *partitions)
      out[kafka::source_of(table_id{i}, p)] = {topic, p};
  }
  return out;
}

feeds_table feeds_of(const settings&) { return kafka::feeds; }

result<std::shared_ptr<change_source>> open_source(const settings& how, const plan_set& plans,
                                                   project_sources sources, const reading_on& from) {
  change_topics_settings x;
  x.kafka = how.kafka;
  x.sources = std::move(sources);
  x.plans = &plans;
  x.shards = how.shards;
  x.modes.precise_decimals = how.decimal_mode == "precise";
  x.first_fill = from.first_fill;
  x.birth = from.birth;
  if (from.to_fold)
    x.reading = std::make_shared<kafka::last_record>(reading_of(how));
  x.now_ms = unix_ms;
  if (from.to_fold && !how.topics_whole) // else the topics aren't of this PostgreSQL
    x.wal = std::make_shared<postgres::wal_watch>(how.postgres, from.database);
  auto opened = change_topics::open(std::move(x));
  if (!opened)
    return opened.why();
  return std::shared_ptr<change_source>(std::move(*opened));
}

std::unique_ptr<letter_box> open_letters(const settings& how, project_sources sources) {
  return std::make_unique<kafka::letter_topic>(how.kafka, how.dead_letters(), std::move(sources));
}

std::unique_ptr<replay> open_replay(const settings& how, letter_box& letters, postgres::session& db,
                                    const plan_set& plans) {
  return std::make_unique<debezium_replay>(how.kafka, side_topics_of(how), letters, db, plans);
}

std::unique_ptr<capture> open_capture(const settings& how, const plan_set& plans, project_sources sources,
                                      std::shared_ptr<postgres::lasting_session> session, connector_care care,
                                      std::function<void(std::string)> lost) {
  debezium_capture_settings x;
  x.session = std::move(session);
  x.reader = {how.postgres, how.kafka, how.topic_prefix, &plans};
  x.slot = how.slot();
  x.side = side_topics_of(how);
  x.sources = std::move(sources);
  x.look_at_connector = std::move(care.look);
  x.restart_connector = std::move(care.restart);
  x.lost = std::move(lost);
  return std::make_unique<debezium_capture>(std::move(x));
}

} // namespace millrace
