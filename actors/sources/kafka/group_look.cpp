#include "actors/sources/kafka/group_look.hpp"

#include <array>

namespace millrace::kafka {

namespace {

constexpr int longer_than_any_look_ms = 3'600'000;

std::set<topic_partition> assigned_to(const rd_kafka_MemberDescription_t* member) {
  std::set<topic_partition> all;
  auto* assignment = rd_kafka_MemberDescription_assignment(member);
  auto* list = assignment ? rd_kafka_MemberAssignment_partitions(assignment) : nullptr;
  for (int i = 0; list && i < list->cnt; ++i)
    all.insert({list->elems[i].topic, {list->elems[i].partition}});
  return all;
}

group_view view_of(const rd_kafka_ConsumerGroupDescription_t* group) {
  group_view view;
  view.stable = rd_kafka_ConsumerGroupDescription_state(group) == RD_KAFKA_CONSUMER_GROUP_STATE_STABLE;
  auto count = rd_kafka_ConsumerGroupDescription_member_count(group);
  for (std::size_t i = 0; i < count; ++i) {
    auto* member = rd_kafka_ConsumerGroupDescription_member(group, i);
    auto assigned = assigned_to(member);
    if (auto* name = rd_kafka_MemberDescription_group_instance_id(member))
      view.members[name] = {rd_kafka_MemberDescription_consumer_id(member), std::move(assigned)};
    else
      view.to_strangers.merge(assigned);
  }
  return view;
}

result<group_view> answer_of(const client& kafka, rd_kafka_event_t* event, const std::string& what) {
  if (auto code = rd_kafka_event_error(event); code != RD_KAFKA_RESP_ERR_NO_ERROR)
    return failure(kafka.get(), what, code);
  std::size_t count = 0;
  auto** groups = rd_kafka_DescribeConsumerGroups_result_groups(
      rd_kafka_event_DescribeConsumerGroups_result(event), &count);
  if (count != 1)
    return error{errc::unavailable, what + ": no answer"};
  if (auto* why = rd_kafka_ConsumerGroupDescription_error(groups[0]))
    return failure(kafka.get(), what, rd_kafka_error_code(why));
  return view_of(groups[0]);
}

} // namespace

shared_topics topics_of(const group_view& group) {
  shared_topics topics;
  for (auto& [name, member] : group.members)
    for (auto& each : member.assigned) {
      topics[each.topic].partitions.insert(each.partition);
      topics[each.topic].readers.insert(name);
    }
  for (auto& each : group.to_strangers)
    topics[each.topic].partitions.insert(each.partition);
  for (auto& [topic, shared] : topics)
    if (shared.partitions.size() < group.members.size())
      for (auto& [name, member] : group.members)
        shared.readers.insert(name);
  return topics;
}

result<group_look> group_look::begin(const settings& how, const std::string& group,
                                     std::chrono::milliseconds timeout) {
  auto conf = configure(how, {});
  if (!conf)
    return conf.why();
  auto handle = open(RD_KAFKA_CONSUMER, std::move(*conf));
  if (!handle)
    return handle.why();
  group_look look;
  look.what_ = "looking at the group " + group;
  look.until_ = std::chrono::steady_clock::now() + timeout;
  look.kafka_ = std::move(*handle);
  look.queue_.reset(rd_kafka_queue_new(look.kafka_.get()));
  std::unique_ptr<rd_kafka_AdminOptions_t, void (*)(rd_kafka_AdminOptions_t*)> options{
      rd_kafka_AdminOptions_new(look.kafka_.get(), RD_KAFKA_ADMIN_OP_DESCRIBECONSUMERGROUPS),
      rd_kafka_AdminOptions_destroy};
  std::array<char, 256> reason{};
  rd_kafka_AdminOptions_set_request_timeout(options.get(), longer_than_any_look_ms, reason.data(),
                                            reason.size());
  const char* name = group.c_str();
  rd_kafka_DescribeConsumerGroups(look.kafka_.get(), &name, 1, options.get(), look.queue_.get());
  return look;
}

std::optional<result<group_view>> group_look::poll(std::chrono::milliseconds wait) {
  std::unique_ptr<rd_kafka_event_t, void (*)(rd_kafka_event_t*)> event{
      rd_kafka_queue_poll(queue_.get(), static_cast<int>(wait.count())), rd_kafka_event_destroy};
  if (event)
    return answer_of(kafka_, event.get(), what_);
  if (std::chrono::steady_clock::now() > until_)
    return error{errc::unavailable, what_ + ": no answer in time"};
  return std::nullopt;
}

} // namespace millrace::kafka
