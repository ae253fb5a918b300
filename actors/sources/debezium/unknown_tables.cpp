#include "actors/sources/debezium/unknown_tables.hpp"

#include "actors/sources/debezium/topics.hpp"

#include <set>

namespace millrace {

std::map<std::string, std::string> unknown_tables(const std::map<std::string, int>& topics,
                                                  const std::string& prefix, const std::string& anchor,
                                                  const plan_set& plans) {
  auto own = anchor.substr(0, anchor.rfind('.') + 1);
  std::set<std::string> known;
  for (auto& each : plans.tables)
    if (each.captured)
      known.insert(connect::change_topic(prefix, each.table));
  std::map<std::string, std::string> out;
  for (auto& [topic, _] : topics) {
    if (!topic.starts_with(prefix + ".") || topic.starts_with(own) || known.count(topic) > 0)
      continue;
    auto table = topic.substr(prefix.size() + 1);
    if (table.find('.') != std::string::npos) // others are Debezium's own: messages, transactions
      out[topic] = table;
  }
  return out;
}

result<std::map<std::string, std::int64_t>> count_records(kafka::consumer& from,
                                                          const std::map<std::string, int>& topics,
                                                          const std::map<std::string, std::string>& tables,
                                                          std::chrono::milliseconds timeout) {
  std::map<std::string, std::int64_t> out;
  for (auto& [topic, table] : tables)
    for (std::int32_t p = 0; p < topics.at(topic); ++p) {
      auto bounds = from.bounds({topic, {p}}, timeout);
      if (!bounds)
        return bounds.why();
      out[table] += bounds->high.value - bounds->low.value;
    }
  return out;
}

} // namespace millrace
