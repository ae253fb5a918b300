#include "nodes/node/node_work.hpp"

#include "actors/sources/kafka/group_member.hpp"

#include <memory>
#include <optional>
#include <set>

namespace millrace {

namespace {

constexpr std::chrono::milliseconds group_wait{10};
constexpr std::chrono::seconds leave_limit{2};

/// A node's consumer groups, polled by its member's thread. The node joins at least one.
class group_work {
 public:
  group_work(std::optional<kafka::group_member> sources, std::optional<kafka::group_member> shards,
             std::map<kafka::topic_partition, source_id> names)
      : sources_(std::move(sources)), shards_(std::move(shards)), names_(std::move(names)) {}

  result<assignment> look() {
    for (auto* group : {&sources_, &shards_})
      if (*group)
        if (auto news = (*group)->poll(group_wait); !news && news.why().code != errc::unavailable)
          return news.why();
    assignment out;
    if (sources_)
      for (auto& x : sources_->now().ours)
        if (auto source = names_.find(x); source != names_.end())
          out.sources.insert(source->second);
    if (shards_) {
      out.in_touch = shards_->now().joined;
      for (auto& x : shards_->now().ours)
        out.shards.insert(shard_id{static_cast<std::uint16_t>(x.partition.value)});
    }
    return out;
  }

  void leave() {
    for (auto* group : {&sources_, &shards_})
      if (*group)
        (void)(*group)->leave(leave_limit);
  }

 private:
  std::optional<kafka::group_member> sources_, shards_;
  std::map<kafka::topic_partition, source_id> names_;
};

} // namespace

result<node_work> work_alone(const settings& how, const project_sources& sources) {
  std::set<source_id> all;
  for (auto& [source, _] : sources)
    all.insert(source);
  return node_work{all_of_it(how.shards, std::move(all))};
}

result<node_work> work_by_groups(const settings& how, const project_sources& sources) {
  std::map<kafka::topic_partition, source_id> names;
  std::set<std::string> topics;
  for (auto& [source, topic] : sources) {
    names[topic] = source;
    topics.insert(topic.topic);
  }
  std::optional<kafka::group_member> reads, serves;
  auto join = [&](std::optional<kafka::group_member>& into, const std::string& group,
                  std::vector<std::string> of) -> result<void> {
    auto joined = kafka::group_member::join(how.kafka, group, how.node_name, std::move(of),
                                            std::chrono::milliseconds{how.session_timeout_ms});
    if (!joined)
      return joined.why();
    into.emplace(std::move(*joined));
    return {};
  };
  // Not the group to which offsets are committed: a commit that Kafka answers after a lost session makes
  // librdkafka believe that another node has this node's name.
  if (how.node_role != "serves")
    if (auto joined = join(reads, how.sources_group(), {topics.begin(), topics.end()}); !joined)
      return joined.why();
  if (how.node_role != "routes")
    if (auto joined = join(serves, how.shards_topic(), {how.shards_topic()}); !joined)
      return joined.why();
  auto both = std::make_shared<group_work>(std::move(reads), std::move(serves), std::move(names));
  node_work out;
  out.source.look = [both] { return both->look(); };
  out.source.leave = [both] { both->leave(); };
  return out;
}

} // namespace millrace
