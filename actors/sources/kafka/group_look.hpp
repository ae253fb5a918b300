#pragma once

/// Asks Kafka who is in a group. Included by this room's sources and tests only.

#include "actors/sources/kafka/client.hpp"
#include "actors/sources/kafka/share_out.hpp"

namespace millrace::kafka {

/// A member as Kafka has it.
struct seen_member {
  std::string id;                     ///< what Kafka calls this life of it
  std::set<topic_partition> assigned; ///< by Kafka's own range assignment
};

struct group_view {
  bool stable = false;                        ///< else it rebalances, and the rest is half a truth
  std::map<std::string, seen_member> members; ///< by their names (group.instance.id)
  std::set<topic_partition> to_strangers;     ///< assigned to members without a name: not ours
};

/// Returns which topics the members read, from what Kafka assigned to whom. A
/// range gives every reader of a topic something, if there is enough of it: who
/// got nothing then doesn't read it. Of smaller topics all are readers.
shared_topics topics_of(const group_view& group);

/// One look, by a client of its own that lives as long as it. librdkafka's admin
/// client asks a former coordinator for ever; and where a request of its own has
/// timed out, it aborts the process once a coordinator is found, so that time is
/// up only here. Takes the right to read the group, no more.
class group_look {
 public:
  /// Begins to look; doesn't wait.
  static result<group_look> begin(const settings& how, const std::string& group,
                                  std::chrono::milliseconds timeout);
  group_look(group_look&&) = default;
  group_look& operator=(group_look&&) = delete; // its queue has to go before its client

  /// Returns what was seen, or why nothing could be; nullopt while under way.
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
