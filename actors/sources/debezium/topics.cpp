#include "actors/sources/debezium/topics.hpp"

#include <cctype>

namespace millrace::connect {

namespace {

constexpr int change_partitions = 8;

const std::map<std::string, std::string> changes{
    {"cleanup.policy", "delete"}, {"retention.ms", "604800000"}, {"max.message.bytes", "67108864"}};

/// A dead letter contains its record and headers, so it can be larger than a record.
const std::map<std::string, std::string> letters{{"cleanup.policy", "delete"},
                                                 {"retention.ms", "-1"},
                                                 {"retention.bytes", "-1"},
                                                 {"max.message.bytes", "83886080"}};

/// Replaces each UTF-16 unit that a topic's name can't contain by an underscore, because Debezium counts in
/// these units.
std::string in_kafkas_letters(const std::string& name) {
  std::string out;
  for (unsigned char c : name)
    if (std::isalnum(c) || c == '.' || c == '_' || c == '-')
      out += static_cast<char>(c);
    else if (c < 0x80 || c >= 0xc0) // not a continuation byte
      out += c >= 0xf0 ? "__" : "_";
  return out;
}

} // namespace

std::string change_topic(const std::string& prefix, const postgres::table& of) {
  return in_kafkas_letters(prefix + "." + of.schema + "." + of.name);
}

std::string anchor_topic(const std::string& prefix, const std::string& own_schema) {
  return in_kafkas_letters(prefix + "." + own_schema + ".anchor");
}

std::string topics_that_meet(const plan_set& plans, const std::string& prefix) {
  std::map<std::string, std::string> taken;
  for (auto& each : plans.tables) {
    auto name = each.table.schema + "." + each.table.name;
    auto [place, added] = taken.emplace(change_topic(prefix, each.table), name);
    if (each.captured && !added)
      return place->second + " and " + name;
  }
  return {};
}

std::vector<kafka::new_topic> topics_of(const plan_set& plans, const std::string& prefix,
                                        const std::string& project, std::uint16_t shards,
                                        const std::string& own_schema) {
  std::vector<kafka::new_topic> out;
  for (auto& each : plans.tables)
    if (each.captured)
      out.push_back({change_topic(prefix, each.table), change_partitions, changes});
  out.push_back({anchor_topic(prefix, own_schema), 1, changes});
  out.push_back({project + ".notifications", 1, changes});
  out.push_back({project + ".dead-letters", 1, letters});
  out.push_back({project + ".shards", shards, {{"cleanup.policy", "delete"}}});
  return out;
}

} // namespace millrace::connect
