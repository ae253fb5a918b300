#include "actors/cluster/unknown_tables.hpp"

#include "actors/connect/topics.hpp"

#include <set>

namespace millrace {

std::map<std::string, std::string> unknown_tables(const std::map<std::string, int>& topics,
                                                  const std::string& prefix, const plan_set& plans) {
  std::set<std::string> known;
  for (auto& each : plans.tables)
    if (each.captured)
      known.insert(connect::change_topic(prefix, each.table));
  std::map<std::string, std::string> out;
  for (auto& [topic, _] : topics) {
    if (topic.compare(0, prefix.size() + 1, prefix + ".") != 0 || known.count(topic) > 0)
      continue;
    auto table = topic.substr(prefix.size() + 1);
    auto dot = table.find('.'); // without one it's Debezium's own: messages, transactions
    if (dot != std::string::npos && table.substr(0, dot) != "millrace")
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
