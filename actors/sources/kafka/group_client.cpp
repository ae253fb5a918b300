#include "actors/sources/kafka/group_client.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <array>

namespace millrace::kafka {

namespace {

using std::chrono::milliseconds;

/// Returns the heartbeat's interval. A member learns of a rebalance from the heartbeat's answer.
milliseconds heartbeat(milliseconds session_timeout) {
  return std::clamp(session_timeout / 4, milliseconds{1}, milliseconds{500});
}

std::map<std::string, std::string> properties(const group_request& of) {
  auto session = std::to_string(of.session_timeout.count());
  return {
      {"group.id", of.group},
      {"group.instance.id", of.instance},
      {"partition.assignment.strategy", "range"},
      {"session.timeout.ms", session},
      {"heartbeat.interval.ms", std::to_string(heartbeat(of.session_timeout).count())},
      // Also how long a rebalance waits for a live but busy member.
      {"max.poll.interval.ms", session},
      {"enable.auto.commit", "false"},
      {"enable.auto.offset.store", "false"},
      {"allow.auto.create.topics", "false"},
      // New topics and partitions are found within this time.
      {"topic.metadata.refresh.interval.ms", "2000"},
  };
}

} // namespace

result<group_client> group_client::open(group_request request) {
  group_client x{std::move(request)};
  auto conf = configure(x.request_.how, properties(x.request_));
  if (!conf)
    return conf.why();
  rd_kafka_conf_set_events(conf->get(), RD_KAFKA_EVENT_REBALANCE | RD_KAFKA_EVENT_ERROR);
  auto handle = kafka::open(RD_KAFKA_CONSUMER, std::move(*conf));
  if (!handle)
    return handle.why();
  x.kafka_ = std::move(*handle);
  rd_kafka_poll_set_consumer(x.kafka_.get());
  x.queue_.reset(rd_kafka_queue_get_consumer(x.kafka_.get()));
  if (auto joins = x.subscribe(); !joins)
    return joins.why();
  return x;
}

std::optional<group_event> group_client::poll(milliseconds wait) {
  auto next = [&](milliseconds time) {
    return std::unique_ptr<rd_kafka_event_t, void (*)(rd_kafka_event_t*)>{
        rd_kafka_queue_poll(queue_.get(), static_cast<int>(time.count())), rd_kafka_event_destroy};
  };
  for (auto event = next(wait); event; event = next(milliseconds{0}))
    if (auto x = told(event.get()))
      return x;
  return std::nullopt;
}

std::optional<group_event> group_client::told(rd_kafka_event_t* event) {
  if (rd_kafka_event_type(event) == RD_KAFKA_EVENT_REBALANCE)
    return rebalanced(event);
  if (rd_kafka_event_type(event) != RD_KAFKA_EVENT_ERROR)
    return std::nullopt;
  auto code = rd_kafka_event_error(event);
  auto* text = rd_kafka_event_error_string(event);
  return complained(code, text ? text : rd_kafka_err2str(code));
}

/// librdkafka continues only after an assignment, even an empty one.
group_event group_client::rebalanced(rd_kafka_event_t* event) {
  auto in = rd_kafka_event_error(event) == RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS;
  auto lost = !in && rd_kafka_assignment_lost(kafka_.get()) != 0;
  list_ptr nothing{rd_kafka_topic_partition_list_new(0)};
  rd_kafka_assign(kafka_.get(), in ? nothing.get() : nullptr);
  using kind = group_event::kind;
  return {in ? kind::in : lost ? kind::out : kind::rebalancing};
}

std::optional<group_event> group_client::complained(rd_kafka_resp_err_t code, const std::string& text) const {
  auto what = "group " + request_.group;
  auto refused = [](error why) { return group_event{group_event::kind::refused, {}, std::move(why)}; };
  auto about = [&](auto& topic) { return text.find(": " + topic + ":") != std::string::npos; };
  auto topic = std::find_if(request_.topics.begin(), request_.topics.end(), about);
  if (code == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART && topic != request_.topics.end())
    return group_event{group_event::kind::missing_topic, *topic};
  if (code == RD_KAFKA_RESP_ERR_INVALID_SESSION_TIMEOUT)
    return refused({errc::bad_setting, what + ": Kafka rejects a session timeout of "
                                           + std::to_string(request_.session_timeout.count())
                                           + " ms; see its group.min.session.timeout.ms"});
  if (code == RD_KAFKA_RESP_ERR_INCONSISTENT_GROUP_PROTOCOL)
    return refused({errc::bad_setting, what + ": another program is a member of it"});
  if (auto why = failure(kafka_.get(), what, code); why.code == errc::denied)
    return refused(std::move(why));
  // librdkafka logs failed connections, and fatal() returns fatal errors.
  if (code != RD_KAFKA_RESP_ERR__TRANSPORT && code != RD_KAFKA_RESP_ERR__FATAL)
    spdlog::warn("kafka: {}: {}", what, text);
  return std::nullopt;
}

std::optional<error> group_client::fatal() const {
  std::array<char, 512> text{};
  auto code = rd_kafka_fatal_error(kafka_.get(), text.data(), text.size());
  if (code == RD_KAFKA_RESP_ERR_NO_ERROR)
    return std::nullopt;
  auto what = "group " + request_.group + ": ";
  if (code != RD_KAFKA_RESP_ERR_FENCED_INSTANCE_ID)
    return error{errc::unavailable, what + text.data()};
  return error{errc::fenced, what + "another node runs under the name " + request_.instance
                                 + ", so this one left the group; give each node its own name"};
}

std::string group_client::member_id() const {
  auto release = [](char* x) { rd_kafka_mem_free(nullptr, x); };
  std::unique_ptr<char, decltype(release)> id{rd_kafka_memberid(kafka_.get()), release};
  return id ? id.get() : "";
}

void group_client::unsubscribe() { rd_kafka_unsubscribe(kafka_.get()); }

result<void> group_client::subscribe() {
  list_ptr list{rd_kafka_topic_partition_list_new(static_cast<int>(request_.topics.size()))};
  for (auto& each : request_.topics)
    rd_kafka_topic_partition_list_add(list.get(), each.c_str(), RD_KAFKA_PARTITION_UA);
  if (auto code = rd_kafka_subscribe(kafka_.get(), list.get()))
    return failure(kafka_.get(), "group " + request_.group, code);
  return {};
}

} // namespace millrace::kafka
