#include "actors/inspector/health.hpp"

#include "actors/inspector/troubles.hpp"

#include <algorithm>

namespace millrace {

namespace {

using reasons = std::vector<std::string>;

/// Returns whether changes are on their way through this node.
bool moves(const node_report& x) {
  return x.events_per_second > 0
         || std::any_of(x.router.sources.begin(), x.router.sources.end(),
                        [](auto& p) { return p.durable < p.read; });
}

void add_told(reasons& out, const std::string& what, const std::string& why) {
  if (!why.empty())
    out.push_back(what + ": " + why);
}

} // namespace

reasons unhealthy_because(const node_report& x) {
  reasons out;
  for (auto& one : x.silent)
    if (auto silent = x.now - one.since; silent >= longest_silence.count())
      out.push_back(one.who + " hasn't answered for " + in_words(silent));
  return out;
}

reasons unready_because(const node_report& x, std::chrono::seconds bound) {
  reasons out;
  for (auto& one : x.silent)
    out.push_back(one.who + (one.who.ends_with("cells") ? " don't answer" : " doesn't answer"));
  add_told(out, "Redis takes no results", x.writer.trouble);
  add_told(out, "Kafka doesn't answer", x.fill.surroundings.kafka_trouble);
  add_told(out, "the node isn't part of the cluster", x.member.trouble);
  if (x.member.shards.empty() && x.member.sources == 0)
    out.emplace_back("the node has no shards and no partitions yet");
  if (auto lag = x.router.lag_ms / 1000; lag > bound.count() && moves(x))
    out.push_back("the lag is " + in_words(lag) + ", and the bound " + in_words(bound.count()));
  return out;
}

} // namespace millrace
