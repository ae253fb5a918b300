/// Reading speed: what Kafka's client alone takes, and what decoding adds.

#include "actors/sources/debezium/debezium_decoder.hpp"
#include "actors/sources/debezium/topics.hpp"
#include "tests/bench/bench.hpp"

#include <librdkafka/rdkafka.h>
#include <sys/resource.h>

#include <chrono>
#include <map>

namespace millrace::bench {

namespace {

constexpr std::chrono::seconds server_timeout{30};
constexpr std::chrono::milliseconds poll_wait{100};
constexpr std::size_t batch_records = 4096;

double cpu_seconds() {
  rusage x{};
  getrusage(RUSAGE_SELF, &x);
  auto in_seconds = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6;
  };
  return in_seconds(x.ru_utime) + in_seconds(x.ru_stime);
}

std::int64_t peak_rss_mib() {
  rusage x{};
  getrusage(RUSAGE_SELF, &x);
  return x.ru_maxrss / 1024;
}

} // namespace

double seconds_now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

void meter::begin() {
  wall_ = seconds_now();
  cpu_ = cpu_seconds();
}

nlohmann::json meter::end(std::int64_t records) const {
  auto seconds = seconds_now() - wall_;
  return {{"records", records},
          {"seconds", seconds},
          {"events_per_second", static_cast<double>(records) / seconds},
          {"cpu_seconds", cpu_seconds() - cpu_},
          {"peak_rss_mib", peak_rss_mib()}};
}

plan_set plans_of(const settings& how) {
  auto db = value_of(postgres::session::open(how.postgres));
  return value_of(plan_project(how, db));
}

topics topics_of(const settings& how, const plan_set& plans, bool with_anchor) {
  topics out;
  for (auto& [_, source] : value_of(find_sources(how, plans)))
    out.sources.push_back(source);
  if (with_anchor)
    out.sources.push_back({how.anchor_topic(), partition_id{0}});
  auto reads = value_of(kafka::consumer::connect(how.kafka));
  for (auto& source : out.sources)
    out.ends.push_back(value_of(reads.bounds(source, server_timeout)).high);
  return out;
}

void read_all(const settings& how, const topics& from,
              const std::function<void(std::size_t, const kafka::record_batch&)>& take) {
  auto reads = value_of(kafka::consumer::connect(how.kafka));
  std::map<kafka::topic_partition, kafka_offset> starts;
  std::map<kafka::topic_partition, std::size_t> index;
  std::size_t open = 0;
  for (std::size_t i = 0; i < from.sources.size(); ++i)
    if (from.ends[i].value > 0) {
      starts[from.sources[i]] = no_offset;
      index[from.sources[i]] = i;
      ++open;
    }
  if (auto assigned = reads.assign(starts); !assigned)
    throw failure(assigned.why().message);
  std::vector<bool> done(from.sources.size(), false);
  while (open > 0)
    for (auto& batch : reads.poll(batch_records, poll_wait)) {
      if (batch.failed)
        throw failure(batch.failed->message);
      auto i = index.at(batch.from);
      take(i, batch);
      if (!done[i] && batch.next >= from.ends[i]) {
        done[i] = true;
        --open;
      }
    }
}

nlohmann::json ends(const settings& how) {
  nlohmann::json out = nlohmann::json::object();
  auto all = topics_of(how, plans_of(how), false);
  for (std::size_t i = 0; i < all.sources.size(); ++i)
    out[all.sources[i].topic][std::to_string(all.sources[i].partition.value)] = all.ends[i].value;
  return out;
}

/// As bare as it gets: librdkafka's own batches, looked at no further than offset and error.
nlohmann::json count(const settings& how) {
  auto from = topics_of(how, plans_of(how), false);
  auto* conf = rd_kafka_conf_new();
  char words[512];
  auto properties = how.kafka.librdkafka;
  properties.merge(std::map<std::string, std::string>{{"bootstrap.servers", how.kafka.brokers},
                                                      {"group.id", "millrace-bench-count"},
                                                      {"isolation.level", "read_committed"},
                                                      {"enable.partition.eof", "true"},
                                                      {"enable.auto.commit", "false"},
                                                      {"queued.min.messages", "1000000"}});
  for (auto& [name, text] : properties)
    if (rd_kafka_conf_set(conf, name.c_str(), text.c_str(), words, sizeof words) != RD_KAFKA_CONF_OK)
      throw failure(words);
  auto* kafka = rd_kafka_new(RD_KAFKA_CONSUMER, conf, words, sizeof words);
  if (!kafka)
    throw failure(words);
  rd_kafka_poll_set_consumer(kafka);
  auto* list = rd_kafka_topic_partition_list_new(static_cast<int>(from.sources.size()));
  for (std::size_t i = 0; i < from.sources.size(); ++i)
    rd_kafka_topic_partition_list_add(list, from.sources[i].topic.c_str(), from.sources[i].partition.value)
        ->offset = RD_KAFKA_OFFSET_BEGINNING;
  rd_kafka_assign(kafka, list);
  auto* queue = rd_kafka_queue_get_consumer(kafka);
  std::vector<rd_kafka_message_t*> messages(batch_records);
  std::int64_t records = 0;
  std::size_t ended = 0;
  meter cost;
  while (ended < from.sources.size()) {
    auto n = rd_kafka_consume_batch_queue(queue, 100, messages.data(), messages.size());
    if (n > 0 && !cost.began())
      cost.begin();
    for (ssize_t i = 0; i < n; ++i) {
      records += messages[i]->err == RD_KAFKA_RESP_ERR_NO_ERROR;
      ended += messages[i]->err == RD_KAFKA_RESP_ERR__PARTITION_EOF;
      rd_kafka_message_destroy(messages[i]);
    }
  }
  auto out = cost.end(records);
  rd_kafka_queue_destroy(queue);
  rd_kafka_consumer_close(kafka);
  rd_kafka_topic_partition_list_destroy(list);
  rd_kafka_destroy(kafka);
  return out;
}

nlohmann::json decode(const settings& how) {
  auto plans = plans_of(how);
  auto from = topics_of(how, plans, false);
  std::map<std::string, debezium_decoder> by_topic;
  for (std::uint16_t i = 0; i < plans.tables.size(); ++i)
    by_topic.emplace(connect::change_topic(how.topic_prefix, plans.tables[i].table),
                     debezium_decoder(plans, table_id{i}));
  std::int64_t records = 0, changes = 0;
  meter cost;
  read_all(how, from, [&](std::size_t, const kafka::record_batch& batch) {
    if (!batch.records.empty() && !cost.began())
      cost.begin();
    auto& decoder = by_topic.at(batch.from.topic);
    for (auto& record : batch.records) {
      ++records;
      changes += value_of(decoder.decode(record.key, record.payload)).has_value();
    }
  });
  auto out = cost.end(records);
  out["changes"] = changes;
  return out;
}

} // namespace millrace::bench
