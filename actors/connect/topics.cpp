#include "actors/connect/topics.hpp"

namespace millrace::connect {

namespace {

constexpr int change_partitions = 8;

const std::map<std::string, std::string> changes{
    {"cleanup.policy", "delete"}, {"retention.ms", "604800000"}, {"max.message.bytes", "67108864"}};

/// A letter is its record and headers, so it may be larger than a record.
const std::map<std::string, std::string> letters{{"cleanup.policy", "delete"},
                                                 {"retention.ms", "-1"},
                                                 {"retention.bytes", "-1"},
                                                 {"max.message.bytes", "83886080"}};

} // namespace

std::string change_topic(const std::string& prefix, const postgres::table& of) {
  return prefix + "." + of.schema + "." + of.name;
}

std::vector<kafka::new_topic> topics_of(const plan_set& plans, const std::string& prefix,
                                        const std::string& project, std::uint16_t shards) {
  std::vector<kafka::new_topic> out;
  for (auto& each : plans.tables)
    if (each.captured)
      out.push_back({change_topic(prefix, each.table), change_partitions, changes});
  out.push_back({prefix + ".millrace.anchor", 1, changes});
  out.push_back({project + ".notifications", 1, changes});
  out.push_back({project + ".dead-letters", 1, letters});
  out.push_back({project + ".shards", shards, {{"cleanup.policy", "delete"}}});
  return out;
}

} // namespace millrace::connect
