#include "actors/sources/kafka/consumer.hpp"

#include "actors/sources/kafka/client.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <set>

namespace millrace::kafka {

namespace {

constexpr int seek_timeout_ms = 10'000;

/// The messages of one poll: their memory goes when the last record goes.
struct message_block {
  explicit message_block(client of) : owner(std::move(of)) {}
  message_block(const message_block&) = delete;
  message_block& operator=(const message_block&) = delete;
  ~message_block() {
    for (auto* x : messages)
      rd_kafka_message_destroy(x);
  }
  client owner;
  std::vector<rd_kafka_message_t*> messages;
};

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
      // A response holds fetch.max.bytes, or one record that is larger. Small
      // ones come in memory that is used again, large ones in fresh pages.
      {"fetch.max.bytes", std::to_string(4u << 20)},
      {"fetch.message.max.bytes", std::to_string(1u << 20)},
      {"receive.message.max.bytes", std::to_string(2 * bytes + (1u << 20))},
      // All partitions share one queue, so this bounds what is prefetched.
      {"queued.max.messages.kbytes", "65536"},
      {"queued.min.messages", "1000000"},
      // A seek or resume waits for the fetch that is under way.
      {"fetch.wait.max.ms", "100"},
      {"fetch.error.backoff.ms", "100"},
      {"topic.metadata.refresh.interval.ms", "30000"},
  };
}

/// Called from the thread that polls. The offset is a hint: a failure costs
/// nothing but that hint.
void log_commit(rd_kafka_t*, rd_kafka_resp_err_t why, rd_kafka_topic_partition_list_t*, void*) {
  if (why != RD_KAFKA_RESP_ERR_NO_ERROR && why != RD_KAFKA_RESP_ERR__NO_OFFSET)
    spdlog::warn("kafka: the group's offsets were not committed: {}", rd_kafka_err2str(why));
}

std::optional<std::string_view> bytes_of(const void* data, std::size_t size) {
  if (!data)
    return std::nullopt;
  return std::string_view{static_cast<const char*>(data), size};
}

list_ptr list_of(const std::map<topic_partition, kafka_offset>& from) {
  list_ptr list{rd_kafka_topic_partition_list_new(static_cast<int>(from.size()))};
  for (auto& [where, offset] : from) {
    auto* x = rd_kafka_topic_partition_list_add(list.get(), where.topic.c_str(), where.partition.value);
    x->offset = offset < kafka_offset{0} ? RD_KAFKA_OFFSET_BEGINNING : offset.value;
  }
  return list;
}

error raised(const client& kafka, rd_kafka_error_t* x, const std::string& what) {
  auto result = failure(kafka.get(), what, rd_kafka_error_code(x));
  rd_kafka_error_destroy(x);
  return result;
}

} // namespace

header_list headers_of(const record& of) {
  header_list result;
  rd_kafka_headers_t* all = nullptr;
  // librdkafka parses them on the first call, hence its non-const parameter.
  auto* message = const_cast<rd_kafka_message_t*>(static_cast<const rd_kafka_message_t*>(of.raw));
  if (!message || rd_kafka_message_headers(message, &all) != RD_KAFKA_RESP_ERR_NO_ERROR)
    return result;
  const char* name = nullptr;
  const void* data = nullptr;
  std::size_t size = 0;
  for (std::size_t i = 0; rd_kafka_header_get_all(all, i, &name, &data, &size) == RD_KAFKA_RESP_ERR_NO_ERROR;
       ++i)
    result.emplace_back(name, std::string(static_cast<const char*>(data), data ? size : 0));
  return result;
}

struct consumer::impl {
  struct queue_deleter {
    void operator()(rd_kafka_queue_t* x) const { rd_kafka_queue_destroy(x); }
  };

  client kafka;
  std::unique_ptr<rd_kafka_queue_t, queue_deleter> queue;
  std::map<topic_partition, kafka_offset> next; ///< of each assigned partition
  std::set<topic_partition> paused;

  bool try_seek(const topic_partition& of, kafka_offset offset);
  /// Takes the partition away and gives it back: a partition that failed, or
  /// whose start is still under way, can't be sought.
  result<void> start_again(const topic_partition& of, kafka_offset offset);
  std::shared_ptr<message_block> fetch(std::size_t most, std::chrono::milliseconds timeout);
  /// Groups a block's messages by partition, in their order.
  std::vector<record_batch> sorted(const std::shared_ptr<message_block>& block);
  void take(record_batch& batch, rd_kafka_message_t* message, const std::shared_ptr<message_block>& block);
};

bool consumer::impl::try_seek(const topic_partition& of, kafka_offset offset) {
  auto list = list_of({{of, offset}});
  if (auto* why = rd_kafka_seek_partitions(kafka.get(), list.get(), seek_timeout_ms)) {
    rd_kafka_error_destroy(why);
    return false;
  }
  return list->elems[0].err == RD_KAFKA_RESP_ERR_NO_ERROR;
}

result<void> consumer::impl::start_again(const topic_partition& of, kafka_offset offset) {
  auto list = list_of({{of, offset}});
  if (auto* why = rd_kafka_incremental_unassign(kafka.get(), list.get()))
    return raised(kafka, why, to_string(of));
  if (auto* why = rd_kafka_incremental_assign(kafka.get(), list.get()))
    return raised(kafka, why, to_string(of));
  if (paused.count(of) > 0)
    rd_kafka_pause_partitions(kafka.get(), list.get());
  return {};
}

/// Returns what is there, or else waits for the first message. librdkafka's
/// own batch call would wait until the batch is full.
std::shared_ptr<message_block> consumer::impl::fetch(std::size_t most, std::chrono::milliseconds timeout) {
  auto block = std::make_shared<message_block>(kafka);
  auto& messages = block->messages;
  messages.resize(most);
  auto more = [&](std::size_t have) {
    auto n = rd_kafka_consume_batch_queue(queue.get(), 0, messages.data() + have, most - have);
    return have + static_cast<std::size_t>(std::max<ssize_t>(n, 0));
  };
  auto have = more(0);
  if (have == 0)
    if (auto* first = rd_kafka_consumer_poll(kafka.get(), static_cast<int>(timeout.count()))) {
      messages[0] = first;
      have = most > 1 ? more(1) : 1;
    }
  messages.resize(have);
  return block;
}

void consumer::impl::take(record_batch& batch, rd_kafka_message_t* message,
                          const std::shared_ptr<message_block>& block) {
  auto offset = kafka_offset{message->offset};
  if (message->err == RD_KAFKA_RESP_ERR__PARTITION_EOF) {
    // Its offset is past the transaction markers that no record shows.
    batch.next = std::max(batch.next, offset);
    batch.at_end = true;
  } else if (message->err != RD_KAFKA_RESP_ERR_NO_ERROR) {
    batch.failed = failure(kafka.get(), to_string(batch.from), message->err);
    if (auto* detail = rd_kafka_message_errstr(message))
      batch.failed->message += std::string(" (") + detail + ")";
  } else if (offset >= batch.next) { // else from before a seek
    batch.records.push_back({offset, bytes_of(message->key, message->key_len),
                             bytes_of(message->payload, message->len),
                             rd_kafka_message_timestamp(message, nullptr), block, message});
    batch.next = kafka_offset{offset.value + 1};
    batch.at_end = false;
  }
}

std::vector<record_batch> consumer::impl::sorted(const std::shared_ptr<message_block>& block) {
  std::vector<record_batch> result;
  std::map<std::pair<rd_kafka_topic_t*, std::int32_t>, std::optional<std::size_t>> places;
  auto last = places.end();
  for (auto* message : block->messages) {
    if (!message->rkt) {
      if (message->err != RD_KAFKA_RESP_ERR_NO_ERROR)
        spdlog::warn("kafka: {}", rd_kafka_message_errstr(message));
      continue;
    }
    auto at = std::pair{message->rkt, message->partition};
    if (last == places.end() || last->first != at) {
      last = places.find(at);
      if (last == places.end()) {
        topic_partition from{rd_kafka_topic_name(message->rkt), {message->partition}};
        auto known = next.find(from);
        last = places.emplace(at, std::nullopt).first;
        if (known != next.end()) {
          last->second = result.size();
          result.emplace_back().from = from;
          result.back().next = known->second;
        }
      }
    }
    if (last->second) // else no longer ours
      take(result[*last->second], message, block);
  }
  for (auto& batch : result)
    next[batch.from] = batch.next;
  return result;
}

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

result<watermarks> consumer::bounds(const topic_partition& of, std::chrono::milliseconds timeout) {
  watermarks x;
  auto code =
      rd_kafka_query_watermark_offsets(impl_->kafka.get(), of.topic.c_str(), of.partition.value, &x.low.value,
                                       &x.high.value, static_cast<int>(timeout.count()));
  if (code != RD_KAFKA_RESP_ERR_NO_ERROR)
    return failure(impl_->kafka.get(), to_string(of), code);
  return x;
}

result<void> consumer::assign(const std::map<topic_partition, kafka_offset>& from) {
  // First none: stops the old ones, so that nothing of theirs is left in the queue.
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
    impl_->paused.erase(x);
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
  rd_kafka_pause_partitions(impl_->kafka.get(), list_of({{of, nowhere}}).get());
}

void consumer::resume(const topic_partition& of) {
  impl_->paused.erase(of);
  rd_kafka_resume_partitions(impl_->kafka.get(), list_of({{of, nowhere}}).get());
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
