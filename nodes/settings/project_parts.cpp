#include "nodes/settings/project_parts.hpp"

#include "actors/figures/plan/planner.hpp"
#include "actors/redis/server_clock.hpp"
#include "actors/sources/debezium/topics.hpp"
#include "actors/sources/kafka/producer.hpp"

#include <spdlog/spdlog.h>

namespace millrace {

namespace {

constexpr std::chrono::seconds kafka_timeout{15};

} // namespace

result<tick_seconds> tick_of(redis::store& store) {
  auto time = store.time();
  if (!time)
    return time.why();
  auto now = time->value_or(redis::machine_time());
  return tick_seconds{std::chrono::floor<std::chrono::seconds>(now).count()};
}

result<redis::store> open_store(const settings& how, const plan_set& plans) {
  auto connection = redis::client::connect(how.redis);
  if (!connection)
    return connection.why();
  return redis::store::open(std::move(*connection), how.project, plans);
}

result<plan_set> plan_project(const settings& how, postgres::session& db) {
  auto planned = plan_figures(how.figures, db, how.key_prefix);
  if (planned.refusals.empty())
    return std::move(planned.plans);
  std::string text;
  for (auto& x : planned.refusals)
    text += to_text(x) + "\n";
  return error{errc::refused_figure, text + std::to_string(planned.refusals.size()) + " figures are refused"};
}

result<std::map<source_id, kafka::topic_partition>> find_sources(const settings& how, const plan_set& plans) {
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
  std::map<source_id, kafka::topic_partition> out;
  for (std::uint16_t i = 0; i < plans.tables.size(); ++i) {
    auto& table = plans.tables[i];
    if (!table.captured)
      continue;
    auto topic = connect::change_topic(how.topic_prefix, table.table);
    auto partitions = reads->partitions(topic, kafka_timeout);
    if (!partitions)
      return partitions.why();
    for (auto p : *partitions)
      out[{table_id{i}, p}] = {topic, p};
  }
  return out;
}

result<connect::client> connect_of(const settings& how, std::chrono::milliseconds timeout) {
  if (how.connect_url.empty())
    return error{errc::bad_setting, "CONNECT_URL isn't set: where is Kafka Connect?"};
  return connect::client::make(how.connect_url, how.connect_login, timeout);
}

stored_plans plans_of(const redis::project_format& format) {
  try {
    return stored_plans::read(format);
  } catch (const std::exception& x) {
    spdlog::error("node: the ledger's plans can't be read: {}", x.what());
    return {};
  }
}

side_topics::names side_topics_of(const settings& how) {
  return {how.anchor_topic(), how.notifications(), how.topic_prefix + ".message"};
}

result<redis::project_format> ledger_format_of(const settings& how) {
  auto store = open_store(how, plan_set{});
  return store ? store->format() : result<redis::project_format>(store.why());
}

} // namespace millrace
