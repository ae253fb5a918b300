#pragma once

/// Are these still the topics that the ledger was filled from? On assignment
/// the newest record that the ledger knows of each partition is read again.

#include "actors/cdc_router/debezium_decoder.hpp"
#include "actors/kafka/consumer.hpp"

#include <map>

namespace millrace {

/// What the ledger has of one partition, over all cells that read it.
struct ledger_extent {
  kafka_offset lowest = nowhere;  ///< position of the laggard
  kafka_offset highest = nowhere; ///< position of the furthest
  stamp newest;                   ///< newest record seen by any cell
};

/// Returns the reason why state and topics don't belong together: positions that
/// Kafka has no more, a lost tail, a topic made anew. nullopt: they do. An error:
/// Kafka didn't answer. Uses `reads` for itself; its assignment is replaced.
result<std::optional<std::string>> find_break(kafka::consumer& reads,
                                              const std::map<source_id, kafka::topic_partition>& sources,
                                              const std::map<source_id, ledger_extent>& ledger,
                                              std::chrono::milliseconds timeout);

} // namespace millrace
