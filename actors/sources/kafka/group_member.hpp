#pragma once

/// Membership in a group: which partitions are this node's. Fetches nothing;
/// records are read by kafka::consumer, which assigns by itself.
///
/// Kafka's group protocol tells who is alive and when that changes; after each
/// change every member asks Kafka for the members and shares out by their names
/// (share_out.hpp). Not librdkafka's cooperative-sticky: 2.0 deals everything out
/// anew where Kafka was away for longer than the session timeout, rebalances
/// twice where this does once, and aborts where a member ends within its first.
///
/// A member commits no offsets: a commit that Kafka answers after the session was
/// lost is answered as another node's, which librdkafka takes for the end of this
/// one. kafka::consumer commits them, to a group that nobody joins.

#include "actors/sources/kafka/consumer.hpp"
#include "actors/sources/kafka/share_out.hpp"

#include <cstdint>
#include <set>

namespace millrace::kafka {

/// What this node knows of its group.
struct membership {
  std::set<topic_partition> ours; ///< kept while `joined` is false: nobody may have taken it
  ownership owners;               ///< of all partitions
  std::set<std::string> members;  ///< names of those who are in the group
  std::set<std::string> missing;  ///< topics that Kafka doesn't have (yet); looked for all the time
  std::uint64_t round = 0;        ///< counts what was learnt: grows with each sharing out
  bool joined = false;            ///< in touch with the group, or was within the session timeout
};

struct membership_change {
  enum class kind : std::uint8_t {
    shared_out,   ///< `gained` and `lost` say what to begin and to stop; both may be empty
    out_of_touch, ///< no word from the group for the session timeout: all may be somebody else's
  };
  kind what;
  std::set<topic_partition> gained, lost; ///< against `ours` before
};

/// A member of a group, by the name of its node. Used by one thread.
///
/// A node that is killed and starts again under its name within the session
/// timeout has its partitions back at once, and nobody else notices. Two members
/// under one name: the newer one is in, the older one is told (errc::fenced).
///
/// Partitions change hands without a word between the two: the new owner may
/// know a moment before the old one. The ledger's fence decides.
class group_member {
 public:
  /// Begins to join; asks no server yet. `topics` should be the same on all nodes.
  /// A member that Kafka doesn't hear for `session_timeout` is dead for the group
  /// (Kafka's group.min.session.timeout.ms is the least that it takes). An error
  /// (bad_setting) names what librdkafka refuses.
  static result<group_member> join(const settings& how, const std::string& group, const std::string& instance,
                                   std::vector<std::string> topics,
                                   std::chrono::milliseconds session_timeout);
  /// Without leave() the group takes the member for dead after its session timeout.
  ~group_member();
  group_member(group_member&&) noexcept;
  group_member& operator=(group_member&&) noexcept;

  /// Serves the group for up to `timeout` and returns the first change. Call it
  /// always: a member that doesn't poll for the session timeout stops its
  /// heartbeats, and holds up the others' rebalance that long.
  ///
  /// Errors: `fenced`, another node has our name, and this member is over.
  /// `bad_setting`, Kafka refuses the session timeout, or another program is in
  /// the group; `denied`. Polling on tries again.
  result<std::optional<membership_change>> poll(std::chrono::milliseconds timeout);

  const membership& now() const;

  /// Leaves, so that the others share out at once. Returns when Kafka has the
  /// member no longer; an error (unavailable) if that isn't known within
  /// `timeout`: then they do so after the session timeout. The member is over.
  result<void> leave(std::chrono::milliseconds timeout);

 private:
  struct impl;
  explicit group_member(std::unique_ptr<impl> x);
  std::unique_ptr<impl> impl_;
};

} // namespace millrace::kafka
