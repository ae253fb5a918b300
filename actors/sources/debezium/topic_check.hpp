#pragma once

/// Checks at the start whether the topics are those from which the ledger was filled. Reads again
/// the newest record of each partition that the ledger knows.

#include "actors/sources/change_source.hpp"
#include "actors/sources/kafka/consumer.hpp"

#include <chrono>
#include <map>

namespace millrace {

/// Compares the ledger with the topics. They don't match if a cell is ahead of a topic, or if the
/// newest record isn't the one in the ledger. Then Kafka lost its last writes, or the topic was
/// recreated. If Kafka deleted unread records, or a topic got more partitions, only its table must be
/// read again. Passes over partitions of the ledger that aren't among `sources`. Error: Kafka didn't answer.
/// Replaces the assignment of `reads`.
result<log_state> compare_topics(kafka::consumer& reads, const kafka::topics_by_source& sources,
                                 const std::map<source_id, ledger_extent>& ledger,
                                 std::chrono::milliseconds timeout);

} // namespace millrace
