#pragma once

/// Topics of Debezium's prefix that no figure reads: of a table that was captured
/// before, or that a connector of somebody else's captures. Their records are
/// skipped, and status says how many there are.

#include "actors/figures/plan/plan.hpp"
#include "actors/sources/kafka/consumer.hpp"

#include <map>
#include <string>

namespace millrace {

/// Returns those of `topics` that are a table's and that no figure reads, as
/// SCHEMA.TABLE by topic. Those of our own schema, which `anchor` is of, aren't among them.
std::map<std::string, std::string> unknown_tables(const std::map<std::string, int>& topics,
                                                  const std::string& prefix, const std::string& anchor,
                                                  const plan_set& plans);

/// Returns how many offsets Kafka keeps for each of these tables (SCHEMA.TABLE by
/// topic): its records, with tombstones and the markers of transactions.
result<std::map<std::string, std::int64_t>> count_records(kafka::consumer& from,
                                                          const std::map<std::string, int>& topics,
                                                          const std::map<std::string, std::string>& tables,
                                                          std::chrono::milliseconds timeout);

} // namespace millrace
