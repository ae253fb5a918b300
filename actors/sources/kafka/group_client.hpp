#pragma once

/// A member's connection to its group: librdkafka joins, sends the heartbeats,
/// and says when the group rebalances. Assigns nothing, so it fetches nothing.
/// Included by this room's sources only.

#include "actors/sources/kafka/client.hpp"

namespace millrace::kafka {

/// Who joins which group, and how.
struct group_request {
  settings how;
  std::string group;
  std::string instance; ///< the member's name in the group
  std::vector<std::string> topics;
  std::chrono::milliseconds session_timeout{};
};

struct group_event {
  enum class kind : std::uint8_t {
    in,            ///< a member, as is everybody who was alive
    rebalancing,   ///< members came or went, and all join anew
    out,           ///< Kafka took us for dead, or we can't reach it
    missing_topic, ///< `topic` doesn't exist
    refused,       ///< `why`; librdkafka tries again by itself
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

  /// Returns the next event, waiting for it at most this long.
  std::optional<group_event> poll(std::chrono::milliseconds wait);

  /// Returns why the membership is over for good, if it is.
  std::optional<error> fatal() const;

  /// Returns what Kafka calls this life of the member; empty while it has none.
  std::string member_id() const;

  /// Leaves once the rebalance that is under way is over; poll() has to go on.
  void unsubscribe();
  /// Joins, after unsubscribe() anew.
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
  std::unique_ptr<rd_kafka_queue_t, queue_deleter> queue_; ///< of all that librdkafka has to say
};

} // namespace millrace::kafka
