#include "actors/kafka/topics.hpp"

#include <array>
#include <memory>

namespace millrace::kafka {

namespace {

template <class T>
using owned = std::unique_ptr<T, void (*)(T*)>;

using requests = std::vector<owned<rd_kafka_NewTopic_t>>;

result<void> add(requests& to, const new_topic& topic) {
  std::array<char, 256> reason{};
  auto* raw = rd_kafka_NewTopic_new(topic.name.c_str(), topic.partitions, /* the broker's default */ -1,
                                    reason.data(), reason.size());
  if (!raw)
    return error{errc::bad_setting, "topic " + topic.name + ": " + reason.data()};
  to.emplace_back(raw, rd_kafka_NewTopic_destroy);
  for (auto& [name, value] : topic.config)
    rd_kafka_NewTopic_set_config(raw, name.c_str(), value.c_str());
  return {};
}

/// Returns the first topic's error that isn't "exists already".
result<void> verdict(rd_kafka_event_t* answer) {
  if (auto code = rd_kafka_event_error(answer); code != RD_KAFKA_RESP_ERR_NO_ERROR)
    return failure("creating topics", code);
  std::size_t count = 0;
  auto** topics = rd_kafka_CreateTopics_result_topics(rd_kafka_event_CreateTopics_result(answer), &count);
  for (std::size_t i = 0; i < count; ++i) {
    auto code = rd_kafka_topic_result_error(topics[i]);
    if (code == RD_KAFKA_RESP_ERR_NO_ERROR || code == RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS)
      continue;
    auto why = failure(std::string("creating topic ") + rd_kafka_topic_result_name(topics[i]), code);
    if (auto* detail = rd_kafka_topic_result_error_string(topics[i]))
      why.message += std::string(" (") + detail + ")";
    return why;
  }
  return {};
}

} // namespace

result<void> create_topics(rd_kafka_t* kafka, const std::vector<new_topic>& topics,
                           std::chrono::milliseconds timeout) {
  requests wanted;
  for (auto& each : topics)
    if (auto added = add(wanted, each); !added)
      return added;
  if (wanted.empty())
    return {};
  std::vector<rd_kafka_NewTopic_t*> raw;
  for (auto& each : wanted)
    raw.push_back(each.get());
  auto ms = static_cast<int>(timeout.count());
  std::array<char, 256> reason{};
  owned<rd_kafka_AdminOptions_t> options{rd_kafka_AdminOptions_new(kafka, RD_KAFKA_ADMIN_OP_CREATETOPICS),
                                         rd_kafka_AdminOptions_destroy};
  rd_kafka_AdminOptions_set_request_timeout(options.get(), ms, reason.data(), reason.size());
  rd_kafka_AdminOptions_set_operation_timeout(options.get(), ms, reason.data(), reason.size());
  owned<rd_kafka_queue_t> queue{rd_kafka_queue_new(kafka), rd_kafka_queue_destroy};
  rd_kafka_CreateTopics(kafka, raw.data(), raw.size(), options.get(), queue.get());
  owned<rd_kafka_event_t> answer{rd_kafka_queue_poll(queue.get(), ms + 1000), rd_kafka_event_destroy};
  if (!answer)
    return error{errc::unavailable, "creating topics: no answer from Kafka"};
  return verdict(answer.get());
}

} // namespace millrace::kafka
