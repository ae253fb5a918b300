#include "actors/sources/kafka/consumer.hpp"

#include "actors/sources/kafka/consumer_impl.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <future>
#include <thread>

namespace millrace::kafka {

namespace {

std::map<std::string, std::string> properties(const settings& how) {
  auto bytes = how.max_record_bytes;
  return {
      {"group.id", how.group.empty() ? "millrace" : how.group},
      {"enable.auto.commit", "false"},
      {"enable.auto.offset.store", "false"},
      {"enable.partition.eof", "true"},
      {"isolation.level", "read_committed"},
      {"auto.offset.reset", "error"},
      {"allow.auto.create.topics", "false"},
      // A response has at most fetch.max.bytes, or one larger record. Small responses reuse memory; large
      // ones need new pages.
      {"fetch.max.bytes", std::to_string(4u << 20)},
      {"fetch.message.max.bytes", std::to_string(1u << 20)},
      {"receive.message.max.bytes", std::to_string(2 * bytes + (1u << 20))},
      // All partitions share one queue, so this limits the prefetched bytes.
      {"queued.max.messages.kbytes", "65536"},
      {"queued.min.messages", "1000000"},
      // A seek or resume waits for the fetch in progress.
      {"fetch.wait.max.ms", "100"},
      {"fetch.error.backoff.ms", "100"},
      {"topic.metadata.refresh.interval.ms", "30000"},
  };
}

/// Called from the polling thread. The offset is a hint, so a failure only loses the hint.
void log_commit(rd_kafka_t*, rd_kafka_resp_err_t why, rd_kafka_topic_partition_list_t*, void*) {
  if (why != RD_KAFKA_RESP_ERR_NO_ERROR && why != RD_KAFKA_RESP_ERR__NO_OFFSET)
    spdlog::warn("kafka: the group's offsets were not committed: {}", rd_kafka_err2str(why));
}

} // namespace

consumer::consumer(std::unique_ptr<impl> x) : impl_(std::move(x)) {}
consumer::~consumer() = default;
consumer::consumer(consumer&&) noexcept = default;
consumer& consumer::operator=(consumer&&) noexcept = default;

result<consumer> consumer::connect(const settings& how) {
  auto conf = configure(how, properties(how));
  if (!conf)
    return conf.why();
  rd_kafka_conf_set_offset_commit_cb(conf->get(), log_commit);
  auto handle = open(RD_KAFKA_CONSUMER, std::move(*conf));
  if (!handle)
    return handle.why();
  rd_kafka_poll_set_consumer(handle->get());
  auto x = std::make_unique<impl>();
  x->kafka = std::move(*handle);
  x->queue.reset(rd_kafka_queue_get_consumer(x->kafka.get()));
  return consumer{std::move(x)};
}

result<std::vector<partition_id>> consumer::partitions(const std::string& topic,
                                                       std::chrono::milliseconds timeout) {
  std::unique_ptr<rd_kafka_topic_t, void (*)(rd_kafka_topic_t*)> handle{
      rd_kafka_topic_new(impl_->kafka.get(), topic.c_str(), nullptr), rd_kafka_topic_destroy};
  const rd_kafka_metadata_t* answer = nullptr;
  auto code =
      rd_kafka_metadata(impl_->kafka.get(), 0, handle.get(), &answer, static_cast<int>(timeout.count()));
  if (code != RD_KAFKA_RESP_ERR_NO_ERROR)
    return failure(impl_->kafka.get(), "topic " + topic, code);
  std::unique_ptr<const rd_kafka_metadata_t, void (*)(const rd_kafka_metadata_t*)> owned{
      answer, rd_kafka_metadata_destroy};
  std::vector<partition_id> found;
  for (int i = 0; i < answer->topic_cnt; ++i) {
    auto& each = answer->topics[i];
    if (each.err == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART)
      return error{errc::unavailable, "topic " + topic + " doesn't exist"};
    if (each.err != RD_KAFKA_RESP_ERR_NO_ERROR)
      return failure(impl_->kafka.get(), "topic " + topic, each.err);
    for (int k = 0; k < each.partition_cnt; ++k)
      found.push_back({each.partitions[k].id});
  }
  if (found.empty())
    return error{errc::unavailable, "topic " + topic + " doesn't exist"};
  std::sort(found.begin(), found.end());
  return found;
}

result<std::map<std::string, int>> consumer::topics(const std::string& prefix,
                                                    std::chrono::milliseconds timeout) {
  const rd_kafka_metadata_t* answer = nullptr;
  auto code = rd_kafka_metadata(impl_->kafka.get(), 1, nullptr, &answer, static_cast<int>(timeout.count()));
  if (code != RD_KAFKA_RESP_ERR_NO_ERROR)
    return failure(impl_->kafka.get(), "the list of topics", code);
  std::unique_ptr<const rd_kafka_metadata_t, void (*)(const rd_kafka_metadata_t*)> owned{
      answer, rd_kafka_metadata_destroy};
  std::map<std::string, int> found;
  for (int i = 0; i < answer->topic_cnt; ++i)
    if (auto& each = answer->topics[i]; std::string_view{each.topic}.substr(0, prefix.size()) == prefix)
      found[each.topic] = each.partition_cnt;
  return found;
}

/// Asks in a thread of its own: librdkafka 2.0's request for offsets outlasts its timeout by a minute if the
/// broker stops meanwhile. The thread then ends later, and owns the client until then.
result<watermarks> consumer::bounds(const topic_partition& of, std::chrono::milliseconds timeout) {
  struct answer {
    watermarks bounds;
    rd_kafka_resp_err_t code = RD_KAFKA_RESP_ERR__TIMED_OUT;
  };
  std::promise<answer> told;
  auto telling = told.get_future();
  std::thread([kafka = impl_->kafka, of, timeout, told = std::move(told)]() mutable {
    answer x;
    x.code = rd_kafka_query_watermark_offsets(kafka.get(), of.topic.c_str(), of.partition.value,
                                              &x.bounds.low.value, &x.bounds.high.value,
                                              static_cast<int>(timeout.count()));
    kafka.reset();
    told.set_value(x);
  }).detach();
  auto x = telling.wait_for(timeout) == std::future_status::ready ? telling.get() : answer();
  if (x.code != RD_KAFKA_RESP_ERR_NO_ERROR)
    return failure(impl_->kafka.get(), to_string(of), x.code);
  return x.bounds;
}

kafka_offset consumer::known_end(const topic_partition& of) const {
  std::int64_t low = 0, high = 0;
  auto code =
      rd_kafka_get_watermark_offsets(impl_->kafka.get(), of.topic.c_str(), of.partition.value, &low, &high);
  return code == RD_KAFKA_RESP_ERR_NO_ERROR && high >= 0 ? kafka_offset{high} : no_offset;
}

result<void> consumer::assign(const std::map<topic_partition, kafka_offset>& from) {
  // Unassigns first. That stops the old partitions and removes their records from the queue.
  auto code = rd_kafka_assign(impl_->kafka.get(), nullptr);
  impl_->next.clear();
  impl_->paused.clear();
  if (code == RD_KAFKA_RESP_ERR_NO_ERROR && !from.empty())
    code = rd_kafka_assign(impl_->kafka.get(), list_of(from).get());
  if (code != RD_KAFKA_RESP_ERR_NO_ERROR)
    return failure(impl_->kafka.get(), "assignment", code);
  for (auto& [where, offset] : from)
    impl_->next[where] = std::max(offset, kafka_offset{0});
  return {};
}

result<void> consumer::assign_more(const std::map<topic_partition, kafka_offset>& from) {
  if (from.empty())
    return {};
  auto list = list_of(from);
  if (auto* why = rd_kafka_incremental_assign(impl_->kafka.get(), list.get()))
    return raised(impl_->kafka, why, "assignment");
  for (auto& [where, offset] : from)
    impl_->next[where] = std::max(offset, kafka_offset{0});
  return {};
}

result<void> consumer::unassign(const std::vector<topic_partition>& of) {
  std::map<topic_partition, kafka_offset> known;
  for (auto& x : of)
    if (impl_->next.erase(x) > 0)
      known[x] = kafka_offset{0};
  for (auto& [x, _] : known)
    resume(x); // librdkafka would still have it paused when it is assigned again
  if (known.empty())
    return {};
  auto list = list_of(known);
  if (auto* why = rd_kafka_incremental_unassign(impl_->kafka.get(), list.get()))
    return raised(impl_->kafka, why, "assignment");
  return {};
}

result<void> consumer::seek(const topic_partition& of, kafka_offset offset) {
  auto known = impl_->next.find(of);
  if (known == impl_->next.end())
    return error{errc::unavailable, to_string(of) + " isn't assigned, so it can't be read again"};
  if (!impl_->try_seek(of, offset))
    if (auto done = impl_->start_again(of, offset); !done)
      return done;
  known->second = std::max(offset, kafka_offset{0});
  return {};
}

void consumer::pause(const topic_partition& of) {
  impl_->paused.insert(of);
  rd_kafka_pause_partitions(impl_->kafka.get(), list_of({{of, no_offset}}).get());
}

void consumer::resume(const topic_partition& of) {
  // librdkafka 2.0 reads a partition that isn't paused again, from where it was assigned
  // (confluentinc/librdkafka#4636).
  if (impl_->paused.erase(of) == 0)
    return;
  rd_kafka_resume_partitions(impl_->kafka.get(), list_of({{of, no_offset}}).get());
}

std::vector<record_batch> consumer::poll(std::size_t most, std::chrono::milliseconds timeout) {
  return impl_->sorted(impl_->fetch(std::max<std::size_t>(most, 1), timeout));
}

void consumer::commit(const std::map<topic_partition, kafka_offset>& next) {
  if (next.empty())
    return;
  auto code = rd_kafka_commit(impl_->kafka.get(), list_of(next).get(), /* async */ 1);
  if (code != RD_KAFKA_RESP_ERR_NO_ERROR)
    spdlog::warn("kafka: the group's offsets were not committed: {}", rd_kafka_err2str(code));
}

} // namespace millrace::kafka
