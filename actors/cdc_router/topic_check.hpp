#pragma once

/// Checks at the start whether the topics are those from which the ledger was filled. Reads again
/// the newest record of each partition that the ledger knows.

#include "actors/sources/debezium/debezium_decoder.hpp"
#include "actors/sources/kafka/consumer.hpp"

#include <map>

namespace millrace {

/// The ledger's positions in one partition, over all its cells.
struct ledger_extent {
  kafka_offset lowest = nowhere;  ///< position of the slowest cell
  kafka_offset highest = nowhere; ///< position of the fastest cell
  stamp newest;                   ///< newest record hash of any cell
};

/// The topics' state, compared with the ledger.
struct topic_state {
  std::optional<std::string> broken; ///< why state and topics don't match
  std::map<table_id, std::string>
      to_reread; ///< tables of which records are missing, or may have come out of order
};

/// Compares the ledger with the topics. They don't match if a cell is ahead of a topic, or if the
/// newest record isn't the one in the ledger. Then Kafka lost its last writes, or the topic was
/// recreated. If Kafka deleted unread records, or a topic got more partitions, only its table must be
/// read again. Error: Kafka didn't answer. Replaces the assignment of `reads`.
result<topic_state> compare_topics(kafka::consumer& reads,
                                   const std::map<source_id, kafka::topic_partition>& sources,
                                   const std::map<source_id, ledger_extent>& ledger,
                                   std::chrono::milliseconds timeout);

} // namespace millrace
