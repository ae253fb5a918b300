#pragma once

/// Topics with Debezium's prefix that no figure reads: of a table captured earlier, or of another
/// connector. The router skips their records, and status reports how many there are.

#include "actors/figures/plan/plan.hpp"
#include "actors/sources/kafka/consumer.hpp"

#include <map>
#include <string>

namespace millrace {

/// Returns the topics of tables that no figure reads, as SCHEMA.TABLE by topic. Excludes Millrace's
/// own schema, that of `anchor`.
std::map<std::string, std::string> unknown_tables(const std::map<std::string, int>& topics,
                                                  const std::string& prefix, const std::string& anchor,
                                                  const plan_set& plans);

/// Returns how many offsets Kafka has for each of these tables (SCHEMA.TABLE by topic). The count
/// contains tombstones and transaction markers.
result<std::map<std::string, std::int64_t>> count_records(kafka::consumer& from,
                                                          const std::map<std::string, int>& topics,
                                                          const std::map<std::string, std::string>& tables,
                                                          std::chrono::milliseconds timeout);

} // namespace millrace
