#pragma once

/// Requests a consumer group's members from Kafka. Only sources and tests of this module include it.

#include "actors/sources/kafka/client.hpp"
#include "actors/sources/kafka/share_out.hpp"

namespace millrace::kafka {

/// A member as Kafka describes it.
struct seen_member {
  std::string id;                     ///< Kafka's member ID, new each time it joins
  std::set<topic_partition> assigned; ///< by Kafka's range assignor
};

struct group_view {
  bool stable = false;                        ///< false: it rebalances, and the rest is incomplete
  std::map<std::string, seen_member> members; ///< by name (group.instance.id)
  std::set<topic_partition> to_strangers;     ///< assigned to members without a name: unknown clients
};

/// Returns which topics the members read, from the partitions that Kafka assigned. The range assignor
/// gives every reader of a topic a partition, if there are enough. So a member without one doesn't read
/// the topic. If a topic has too few partitions, all members count as readers.
shared_topics topics_of(const group_view& group);

/// One request, by a client of its own that lives as long as it. librdkafka's admin client keeps asking
/// a former coordinator. After a request of its own times out, it aborts the process once it finds a
/// coordinator, so this class enforces the timeout itself. Needs only the right to describe the group.
class group_look {
 public:
  /// Starts the request. Doesn't wait.
  static result<group_look> begin(const settings& how, const std::string& group,
                                  std::chrono::milliseconds timeout);
  group_look(group_look&&) = default;
  group_look& operator=(group_look&&) = delete; // its queue has to go before its client

  /// Returns the group, or the error. Returns nullopt while the request runs.
  std::optional<result<group_view>> poll(std::chrono::milliseconds wait);

 private:
  struct queue_deleter {
    void operator()(rd_kafka_queue_t* x) const { rd_kafka_queue_destroy(x); }
  };
  group_look() = default;
  std::string what_;
  std::chrono::steady_clock::time_point until_;
  client kafka_;
  std::unique_ptr<rd_kafka_queue_t, queue_deleter> queue_;
};

} // namespace millrace::kafka
