#pragma once

/// Are these still the topics that the ledger was filled from? At the start the newest
/// record that the ledger knows of each partition is read again.

#include "actors/sources/debezium/debezium_decoder.hpp"
#include "actors/sources/kafka/consumer.hpp"

#include <map>

namespace millrace {

/// What the ledger has of one partition, over all cells that read it.
struct ledger_extent {
  kafka_offset lowest = nowhere;  ///< position of the laggard
  kafka_offset highest = nowhere; ///< position of the furthest
  stamp newest;                   ///< newest record seen by any cell
};

/// What became of the topics since the ledger was written.
struct topic_state {
  std::optional<std::string> broken; ///< why state and topics don't belong together
  std::map<table_id, std::string>
      to_reread; ///< tables of which records are missing, or may have been out of order
};

/// Compares the ledger with the topics. State that is ahead of a topic, or has seen another
/// record, is broken: Kafka lost its last writes, or the topic was made again. Records
/// that Kafka deleted before they were read, and partitions that were added, are a matter
/// of their table alone. An error: Kafka didn't answer. Uses `reads` for itself; its
/// assignment is replaced.
result<topic_state> compare_topics(kafka::consumer& reads,
                                   const std::map<source_id, kafka::topic_partition>& sources,
                                   const std::map<source_id, ledger_extent>& ledger,
                                   std::chrono::milliseconds timeout);

} // namespace millrace
