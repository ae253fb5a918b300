/// Writing recorded changes again: to topics of another prefix, all at once or at a steady rate.

#include "tests/bench/bench.hpp"

#include <hiredis/hiredis.h>
#include <librdkafka/rdkafka.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <deque>
#include <map>
#include <mutex>
#include <set>
#include <thread>

namespace millrace::bench {

namespace {

constexpr int server_timeout_ms = 30'000;

/// A producer for bulk: librdkafka's own, idempotent.
class bulk_producer {
 public:
  bulk_producer(const settings& how, const char* linger_ms) {
    auto* conf = rd_kafka_conf_new();
    char words[512];
    auto properties = how.kafka.librdkafka;
    properties.merge(std::map<std::string, std::string>{{"bootstrap.servers", how.kafka.brokers},
                                                        {"enable.idempotence", "true"},
                                                        {"compression.type", "lz4"},
                                                        {"linger.ms", linger_ms},
                                                        {"queue.buffering.max.messages", "500000"},
                                                        {"message.max.bytes", "67108864"}});
    for (auto& [name, text] : properties)
      if (rd_kafka_conf_set(conf, name.c_str(), text.c_str(), words, sizeof words) != RD_KAFKA_CONF_OK)
        throw failure(words);
    rd_kafka_conf_set_dr_msg_cb(conf, [](rd_kafka_t*, const rd_kafka_message_t* x, void* into) {
      if (x->err != RD_KAFKA_RESP_ERR_NO_ERROR)
        ++static_cast<bulk_producer*>(into)->lost_;
    });
    rd_kafka_conf_set_opaque(conf, this);
    kafka_ = rd_kafka_new(RD_KAFKA_PRODUCER, conf, words, sizeof words);
    if (!kafka_)
      throw failure(words);
  }
  bulk_producer(const bulk_producer&) = delete;
  ~bulk_producer() { rd_kafka_destroy(kafka_); }

  void write(const std::string& topic, partition_id partition, const stored_record& x) {
    for (;;) {
      auto code = rd_kafka_producev(
          kafka_, RD_KAFKA_V_TOPIC(topic.c_str()), RD_KAFKA_V_PARTITION(partition.value),
          RD_KAFKA_V_KEY(x.key.data(), x.key.size()),
          RD_KAFKA_V_VALUE(x.tombstone ? nullptr : const_cast<char*>(x.payload.data()), x.payload.size()),
          RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY), RD_KAFKA_V_END);
      if (code == RD_KAFKA_RESP_ERR_NO_ERROR)
        break;
      if (code != RD_KAFKA_RESP_ERR__QUEUE_FULL)
        throw failure(rd_kafka_err2str(code));
      rd_kafka_poll(kafka_, 50);
    }
    rd_kafka_poll(kafka_, 0);
  }

  void flush() {
    rd_kafka_flush(kafka_, server_timeout_ms);
    if (rd_kafka_outq_len(kafka_) > 0 || lost_ > 0)
      throw failure("Kafka did not take all records");
  }

  rd_kafka_t* get() { return kafka_; }

 private:
  rd_kafka_t* kafka_ = nullptr;
  std::int64_t lost_ = 0;
};

bool is_snapshot(std::string_view payload) {
  auto at = payload.rfind("\"op\":\"");
  return at != std::string_view::npos && payload[at + 6] == 'r';
}

/// Calls `take` with the records of one part, in the order of each partition.
void each_of(const settings& how, const topics& from, part what,
             const std::function<bool(stored_record&&)>& take) {
  std::vector<bool> behind(from.sources.size(), false); // the partition's snapshot is over
  auto full = false;
  read_all(how, from, [&](std::size_t source, const kafka::record_batch& batch) {
    for (auto& record : batch.records) {
      stored_record x;
      x.source = source;
      x.key = record.key.value_or("");
      x.payload = record.payload.value_or("");
      x.tombstone = !record.payload;
      x.timestamp_ms = record.timestamp_ms;
      auto anchor = from.sources[source].topic == how.anchor_topic();
      x.snapshot = anchor || (!behind[source] && is_snapshot(x.payload));
      behind[source] = !x.snapshot;
      if (!full && x.snapshot == (what == part::snapshot))
        full = !take(std::move(x));
    }
  });
}

std::string renamed(const settings& how, const std::string& topic, const std::string& to) {
  return to + topic.substr(how.topic_prefix.size());
}

/// Redis, asked for keys that should be there soon.
class sightings {
 public:
  explicit sightings(const settings& how) : redis_(redisConnect(how.redis.host.c_str(), how.redis.port)) {
    if (!redis_ || redis_->err)
      throw failure("Redis doesn't answer");
    freeReplyObject(redisCommand(redis_, "AUTH %s", how.redis.password.c_str()));
  }
  ~sightings() { redisFree(redis_); }

  /// Returns the keys' milliseconds of those that are there now; they leave the list.
  void look(std::deque<std::pair<std::string, double>>& awaited, std::vector<double>& seen_ms) {
    for (auto& [key, _] : awaited)
      redisAppendCommand(redis_, "EXISTS %s", key.c_str());
    std::deque<std::pair<std::string, double>> left;
    for (auto& x : awaited) {
      redisReply* answer = nullptr;
      if (redisGetReply(redis_, reinterpret_cast<void**>(&answer)) != REDIS_OK)
        throw failure("Redis went away");
      if (answer->integer == 1)
        seen_ms.push_back((seconds_now() - x.second) * 1000);
      else
        left.push_back(std::move(x));
      freeReplyObject(answer);
    }
    awaited = std::move(left);
  }

 private:
  redisContext* redis_;
};

nlohmann::json summary(int rate, std::vector<double> ms, double achieved) {
  std::sort(ms.begin(), ms.end());
  auto at = [&](double part) {
    return ms.empty()
               ? NAN
               : ms[std::min(ms.size() - 1, static_cast<std::size_t>(static_cast<double>(ms.size()) * part))];
  };
  return {{"rate", rate},      {"achieved", achieved}, {"probes", ms.size()},
          {"p50_ms", at(0.5)}, {"p99_ms", at(0.99)},   {"max_ms", ms.empty() ? NAN : ms.back()}};
}

/// Returns the key in Redis of an order that the record inserts; empty for any other record.
std::string inserted_order(const settings& how, const kafka::topic_partition& of, const stored_record& x) {
  if (of.topic != how.topic_prefix + ".public.orders" || x.payload.find("\"op\":\"c\"") == std::string::npos)
    return {};
  auto id = nlohmann::json::parse(x.key, nullptr, false);
  return id.is_object() && id.contains("id") ? "order:" + id["id"].dump() : std::string();
}

/// Returns how many of the records are needed for one at least of every source that
/// they are of: the producer's first to a partition takes up to a second.
std::size_t until_all_are_warm(const std::vector<stored_record>& records) {
  std::set<std::size_t> seen;
  std::size_t newest = 0;
  for (std::size_t i = 0; i < records.size(); ++i)
    if (seen.insert(records[i].source).second)
      newest = i;
  return newest + 1;
}

} // namespace

nlohmann::json replay(const settings& how, const std::string& to, part what) {
  auto plans = plans_of(how);
  auto from = topics_of(how, plans, true);
  auto there = how;
  there.topic_prefix = to;
  value_of(find_sources(there, plans)); // creates them
  bulk_producer out(how, "50");
  std::int64_t records = 0, changes = 0;
  meter cost;
  cost.begin();
  each_of(how, from, what, [&](stored_record&& x) {
    auto& source = from.sources[x.source];
    out.write(renamed(how, source.topic, to), source.partition, x);
    ++records;
    changes += x.tombstone ? 0 : 1;
    return true;
  });
  out.flush();
  auto line = cost.end(records);
  line["changes"] = changes;
  return line;
}

nlohmann::json drop(const settings& how, const std::string& prefix) {
  bulk_producer admin(how, "5");
  const rd_kafka_metadata_t* all = nullptr;
  if (auto code = rd_kafka_metadata(admin.get(), 1, nullptr, &all, server_timeout_ms))
    throw failure(rd_kafka_err2str(code));
  std::vector<rd_kafka_DeleteTopic_t*> gone;
  for (int i = 0; i < all->topic_cnt; ++i)
    if (std::string_view(all->topics[i].topic).starts_with(prefix + "."))
      gone.push_back(rd_kafka_DeleteTopic_new(all->topics[i].topic));
  rd_kafka_metadata_destroy(all);
  if (!gone.empty()) {
    auto* queue = rd_kafka_queue_new(admin.get());
    rd_kafka_DeleteTopics(admin.get(), gone.data(), gone.size(), nullptr, queue);
    rd_kafka_event_destroy(rd_kafka_queue_poll(queue, server_timeout_ms));
    rd_kafka_queue_destroy(queue);
    rd_kafka_DeleteTopic_destroy_array(gone.data(), gone.size());
  }
  return {{"topics", gone.size()}};
}

nlohmann::json latency(const settings& how, const std::string& to, const std::vector<int>& rates,
                       int seconds) {
  auto from = topics_of(how, plans_of(how), false);
  std::size_t wanted = 0;
  for (auto rate : rates)
    wanted += static_cast<std::size_t>(rate) * static_cast<std::size_t>(seconds);
  std::vector<stored_record> records;
  records.reserve(wanted);
  each_of(how, from, part::rest, [&](stored_record&& x) { return records.push_back(std::move(x)), true; });
  // As they came once, all tables side by side; each partition keeps its order.
  std::stable_sort(records.begin(), records.end(),
                   [](auto& a, auto& b) { return a.timestamp_ms < b.timestamp_ms; });
  auto warm = until_all_are_warm(records);
  wanted += warm;
  if (records.size() < wanted)
    throw failure("the topics have " + std::to_string(records.size()) + " records behind the snapshot, "
                  + std::to_string(wanted) + " are needed");
  bulk_producer out(how, "0");
  sightings redis(how);
  auto out_list = nlohmann::json::array();
  std::size_t next = 0;
  auto write = [&](const stored_record& x) {
    auto& source = from.sources[x.source];
    out.write(renamed(how, source.topic, to), source.partition, x);
  };
  while (next < warm)
    write(records[next++]);
  out.flush();
  for (auto rate : rates) {
    constexpr double between_probes = 0.005;
    std::deque<std::pair<std::string, double>> awaited;
    std::vector<double> seen;
    auto began = seconds_now(), probed = began;
    auto first = next, last = next + static_cast<std::size_t>(rate) * static_cast<std::size_t>(seconds);
    while (next < last) {
      auto due = first + static_cast<std::size_t>((seconds_now() - began) * rate);
      for (; next < std::min(due, last); ++next) {
        auto& x = records[next];
        write(x);
        if (seconds_now() - probed < between_probes)
          continue;
        if (auto key = inserted_order(how, from.sources[x.source], x); !key.empty()) {
          probed = seconds_now();
          awaited.emplace_back(std::move(key), probed);
        }
      }
      redis.look(awaited, seen);
      std::this_thread::sleep_for(std::chrono::microseconds(500));
    }
    auto achieved = static_cast<double>(last - first) / (seconds_now() - began);
    out.flush();
    for (auto limit = seconds_now() + 30; !awaited.empty() && seconds_now() < limit;)
      redis.look(awaited, seen);
    auto line = summary(rate, std::move(seen), achieved);
    line["never_seen"] = awaited.size();
    out_list.push_back(line);
  }
  return out_list;
}

} // namespace millrace::bench
