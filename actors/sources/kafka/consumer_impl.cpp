#include "actors/sources/kafka/consumer_impl.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>

namespace millrace::kafka {

namespace {

constexpr int seek_timeout_ms = 10'000;

std::optional<std::string_view> bytes_of(const void* data, std::size_t size) {
  if (!data)
    return std::nullopt;
  return std::string_view{static_cast<const char*>(data), size};
}

} // namespace

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

header_list headers_of(const record& of) {
  header_list result;
  rd_kafka_headers_t* all = nullptr;
  // librdkafka parses the headers on the first call, so its parameter isn't const.
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

/// Returns the available messages, or waits for the first one. librdkafka's own batch call waits until the
/// batch is full.
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
    // Its offset is past the transaction markers, which aren't records.
    batch.next = std::max(batch.next, offset);
    batch.at_end = true;
  } else if (message->err != RD_KAFKA_RESP_ERR_NO_ERROR) {
    batch.failed = failure(kafka.get(), to_string(batch.from), message->err);
    if (auto* detail = rd_kafka_message_errstr(message))
      batch.failed->message += std::string(" (") + detail + ")";
  } else if (offset >= batch.next) { // else it is from before a seek
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
    if (last->second) // else the partition is no longer assigned
      take(result[*last->second], message, block);
  }
  for (auto& batch : result)
    next[batch.from] = batch.next;
  return result;
}

} // namespace millrace::kafka
