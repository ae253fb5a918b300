#pragma once

/// A member's connection to its consumer group. librdkafka joins, sends heartbeats and reports
/// rebalances. It assigns no partitions, so it fetches nothing. Only sources of this module include it.

#include "actors/sources/kafka/client.hpp"

namespace millrace::kafka {

/// The group to join, and how.
struct group_request {
  settings how;
  std::string group;
  std::string instance; ///< the member's name in the group (group.instance.id)
  std::vector<std::string> topics;
  std::chrono::milliseconds session_timeout{};
};

struct group_event {
  enum class kind : std::uint8_t {
    in,            ///< joined, and so has every live member
    rebalancing,   ///< members joined or left, and all join again
    out,           ///< Kafka declared this member dead, or it can't reach Kafka
    missing_topic, ///< `topic` doesn't exist
    refused,       ///< `why`; librdkafka retries by itself
  };
  kind what;
  std::string topic{};
  std::optional<error> why{};
};

class group_client {
 public:
  static result<group_client> open(group_request request);
  group_client(group_client&&) = default;
  group_client& operator=(group_client&&) = delete; // the queue has to go before the client

  /// Returns the next event. Waits for it at most `wait`.
  std::optional<group_event> poll(std::chrono::milliseconds wait);

  /// Returns why the membership can't continue, if it can't.
  std::optional<error> fatal() const;

  /// Returns Kafka's ID of this member (member.id). Empty while it has none.
  std::string member_id() const;

  /// Leaves after the current rebalance. Keep calling poll() until then.
  void unsubscribe();
  /// Joins the group, also after unsubscribe().
  result<void> subscribe();

 private:
  struct queue_deleter {
    void operator()(rd_kafka_queue_t* x) const { rd_kafka_queue_destroy(x); }
  };
  explicit group_client(group_request x) : request_(std::move(x)) {}
  std::optional<group_event> told(rd_kafka_event_t* event);
  group_event rebalanced(rd_kafka_event_t* event);
  std::optional<group_event> complained(rd_kafka_resp_err_t code, const std::string& text) const;

  group_request request_;
  client kafka_;
  std::unique_ptr<rd_kafka_queue_t, queue_deleter> queue_; ///< of all of librdkafka's events
};

} // namespace millrace::kafka
