#include "actors/sources/kafka/topics.hpp"

#include <algorithm>
#include <array>
#include <memory>

namespace millrace::kafka {

namespace {

template <class T>
using owned = std::unique_ptr<T, void (*)(T*)>;

constexpr int slice_ms = 1000;

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

/// Returns the first topic's error other than "already exists".
result<void> verdict(const rd_kafka_t* kafka, rd_kafka_event_t* answer) {
  if (auto code = rd_kafka_event_error(answer); code != RD_KAFKA_RESP_ERR_NO_ERROR)
    return failure(kafka, "creating topics", code);
  std::size_t count = 0;
  auto** topics = rd_kafka_CreateTopics_result_topics(rd_kafka_event_CreateTopics_result(answer), &count);
  for (std::size_t i = 0; i < count; ++i) {
    auto code = rd_kafka_topic_result_error(topics[i]);
    if (code == RD_KAFKA_RESP_ERR_NO_ERROR || code == RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS)
      continue;
    auto why = failure(kafka, std::string("creating topic ") + rd_kafka_topic_result_name(topics[i]), code);
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
  owned<rd_kafka_event_t> answer{nullptr, rd_kafka_event_destroy};
  auto left = ms + slice_ms;
  do
    answer.reset(rd_kafka_queue_poll(queue.get(), slice_ms));
  while (!answer && (left -= slice_ms) > 0 && !is_refused(kafka));
  if (!answer)
    return failure(kafka, "creating topics", RD_KAFKA_RESP_ERR__TIMED_OUT);
  return verdict(kafka, answer.get());
}

result<std::vector<std::string>> list_topics(rd_kafka_t* kafka, std::chrono::milliseconds timeout) {
  const rd_kafka_metadata_t* raw = nullptr;
  auto until = std::chrono::steady_clock::now() + timeout;
  std::chrono::milliseconds slice{slice_ms}, left = timeout;
  rd_kafka_resp_err_t code;
  // librdkafka keeps waiting after a broker has refused the client. Each slice is twice as long, so a slow
  // broker has enough time.
  do {
    code = rd_kafka_metadata(kafka, 1, nullptr, &raw, static_cast<int>(std::min(slice, left).count()));
    left = std::chrono::duration_cast<std::chrono::milliseconds>(until - std::chrono::steady_clock::now());
    slice *= 2;
  } while (code && left.count() > 0 && !is_refused(kafka));
  if (code)
    return failure(kafka, "listing topics", code);
  std::unique_ptr<const rd_kafka_metadata_t, decltype(&rd_kafka_metadata_destroy)> all{
      raw, rd_kafka_metadata_destroy};
  std::vector<std::string> out;
  for (int i = 0; i < all->topic_cnt; ++i)
    out.emplace_back(all->topics[i].topic);
  return out;
}

result<void> delete_topics(rd_kafka_t* kafka, const std::vector<std::string>& names,
                           std::chrono::milliseconds timeout) {
  if (names.empty())
    return {};
  std::vector<owned<rd_kafka_DeleteTopic_t>> wanted;
  std::vector<rd_kafka_DeleteTopic_t*> raw;
  for (auto& name : names)
    raw.push_back(
        wanted.emplace_back(rd_kafka_DeleteTopic_new(name.c_str()), rd_kafka_DeleteTopic_destroy).get());
  owned<rd_kafka_queue_t> queue{rd_kafka_queue_new(kafka), rd_kafka_queue_destroy};
  rd_kafka_DeleteTopics(kafka, raw.data(), raw.size(), nullptr, queue.get());
  owned<rd_kafka_event_t> answer{rd_kafka_queue_poll(queue.get(), static_cast<int>(timeout.count())),
                                 rd_kafka_event_destroy};
  if (!answer)
    return error{errc::unavailable, "deleting topics: no answer from Kafka"};
  if (auto code = rd_kafka_event_error(answer.get()))
    return failure(kafka, "deleting topics", code);
  std::size_t count = 0;
  auto** done = rd_kafka_DeleteTopics_result_topics(rd_kafka_event_DeleteTopics_result(answer.get()), &count);
  for (std::size_t i = 0; i < count; ++i)
    if (auto code = rd_kafka_topic_result_error(done[i]);
        code && code != RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART)
      return failure(kafka, std::string("deleting topic ") + rd_kafka_topic_result_name(done[i]), code);
  return {};
}

result<void> delete_group(rd_kafka_t* kafka, const std::string& name, std::chrono::milliseconds timeout) {
  owned<rd_kafka_DeleteGroup_t> wanted{rd_kafka_DeleteGroup_new(name.c_str()), rd_kafka_DeleteGroup_destroy};
  auto* raw = wanted.get();
  owned<rd_kafka_queue_t> queue{rd_kafka_queue_new(kafka), rd_kafka_queue_destroy};
  rd_kafka_DeleteGroups(kafka, &raw, 1, nullptr, queue.get());
  owned<rd_kafka_event_t> answer{rd_kafka_queue_poll(queue.get(), static_cast<int>(timeout.count())),
                                 rd_kafka_event_destroy};
  if (!answer)
    return error{errc::unavailable, "deleting the group " + name + ": no answer from Kafka"};
  if (auto code = rd_kafka_event_error(answer.get()))
    return failure(kafka, "deleting the group " + name, code);
  std::size_t count = 0;
  auto** done = rd_kafka_DeleteGroups_result_groups(rd_kafka_event_DeleteGroups_result(answer.get()), &count);
  for (std::size_t i = 0; i < count; ++i)
    if (auto* why = rd_kafka_group_result_error(done[i]))
      if (auto code = rd_kafka_error_code(why); code != RD_KAFKA_RESP_ERR_GROUP_ID_NOT_FOUND)
        return failure(kafka, "deleting the group " + name, code);
  return {};
}

} // namespace millrace::kafka
