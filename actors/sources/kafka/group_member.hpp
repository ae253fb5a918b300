#pragma once

/// Membership in a consumer group: which partitions belong to this node. It fetches nothing;
/// kafka::consumer reads the records, and assigns partitions by itself.
///
/// Kafka's group protocol reports which members are alive. After each change every member requests the
/// members from Kafka and shares out the partitions by their names (share_out.hpp). librdkafka 2.0's
/// cooperative-sticky isn't used, for three reasons. It reassigns everything if Kafka was away for longer
/// than the session timeout. It rebalances twice where this does once. It aborts if a member ends within its
/// first rebalance.
///
/// A member commits no offsets. Kafka answers a commit after a lost session as another node's, and
/// librdkafka then ends the member. kafka::consumer commits them to a group that no member joins.

#include "actors/sources/kafka/consumer.hpp"
#include "actors/sources/kafka/share_out.hpp"

#include <cstdint>
#include <set>

namespace millrace::kafka {

/// The group's state as this node last received it.
struct membership {
  std::set<topic_partition> ours; ///< kept while `joined` is false: no other member may have taken them
  ownership owners;               ///< of all partitions
  std::set<std::string> members;  ///< names of the group's members
  std::set<std::string> missing;  ///< topics that don't exist in Kafka (yet); checked continually
  std::uint64_t round = 0;        ///< grows each time the partitions are shared out
  bool joined = false;            ///< in contact with the group, or was within the session timeout
};

struct membership_change {
  enum class kind : std::uint8_t {
    shared_out,   ///< `gained` and `lost` say what to start and stop; both can be empty
    out_of_touch, ///< no contact for the session timeout: other members may own every partition
  };
  kind what;
  std::set<topic_partition> gained, lost; ///< compared with `ours` before
};

/// A member of a consumer group, with its node's name. Used by one thread.
///
/// A node that is killed and restarts with its name within the session timeout gets its partitions back
/// at once, and the other members notice nothing. Of two members with one name, the newer one joins, and
/// the older one gets errc::fenced.
///
/// Owners don't coordinate when a partition moves. The new owner can start before the old one stops. The
/// ledger's fencing token decides between them.
class group_member {
 public:
  /// Starts to join, without a request to a server yet. `topics` should be the same on all nodes. Kafka
  /// declares a member dead after `session_timeout` without a heartbeat; Kafka's
  /// group.min.session.timeout.ms is its minimum. An error (bad_setting) names what librdkafka rejects.
  static result<group_member> join(const settings& how, const std::string& group, const std::string& instance,
                                   std::vector<std::string> topics,
                                   std::chrono::milliseconds session_timeout);
  /// Doesn't leave the group: without leave(), Kafka declares the member dead after the session timeout.
  ~group_member();
  group_member(group_member&&) noexcept;
  group_member& operator=(group_member&&) noexcept;

  /// Serves the group for up to `timeout` and returns the first change. Call it continually. A member that
  /// doesn't poll for the session timeout stops its heartbeats, and delays the others' rebalance for that
  /// time.
  ///
  /// Errors: `fenced` (another node has the same name; this member has ended), `bad_setting` (Kafka rejects
  /// the session timeout, or another program is in the group), `denied`. After the last two, poll() again
  /// to retry.
  result<std::optional<membership_change>> poll(std::chrono::milliseconds timeout);

  const membership& now() const;

  /// Leaves the group, so that the others share out its partitions at once. Returns when Kafka has removed
  /// the member. An error (unavailable) means that this wasn't confirmed within `timeout`; the others then
  /// share out after the session timeout. The member has ended in both cases.
  result<void> leave(std::chrono::milliseconds timeout);

 private:
  struct impl;
  explicit group_member(std::unique_ptr<impl> x);
  std::unique_ptr<impl> impl_;
};

} // namespace millrace::kafka
