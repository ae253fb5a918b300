#pragma once

/// What the steps of the benchmark share. A step reads or writes the change
/// topics beside the node, and prints what it saw as one line of JSON.

#include "nodes/settings/config.hpp"
#include "nodes/settings/project_parts.hpp"
#include "nodes/settings/source_parts.hpp"

#include <nlohmann/json.hpp>

#include <functional>
#include <stdexcept>

namespace millrace::bench {

/// A step can't go on; the text says why.
struct failure : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// Returns the value, or throws failure.
template <class T>
T value_of(result<T> x) {
  if (!x)
    throw failure(x.why().message);
  return std::move(*x);
}

/// One record as it lies in a topic.
struct stored_record {
  std::size_t source = 0; ///< index into topics::sources
  std::string key, payload;
  std::int64_t timestamp_ms = 0;
  bool tombstone = false;
  bool snapshot = false; ///< of Debezium's own snapshot
};

/// The change topics of a project, and where they end.
struct topics {
  std::vector<kafka::topic_partition> sources;
  std::vector<kafka_offset> ends;
};

/// Plans the project's figures, for their tables.
plan_set plans_of(const settings& how);
/// Returns the change topics' partitions (with the anchor's too, if wanted) and their ends now.
topics topics_of(const settings& how, const plan_set& plans, bool with_anchor);

/// Reads the topics from their beginning to those ends, in batches as they come.
void read_all(const settings& how, const topics& from,
              const std::function<void(std::size_t source, const kafka::record_batch&)>& take);

/// The step's own cost: wall seconds since `begin()`, CPU seconds, memory.
class meter {
 public:
  void begin();
  bool began() const { return wall_ > 0; }
  /// Returns {records, seconds, events_per_second, cpu_seconds, peak_rss_mib}.
  nlohmann::json end(std::int64_t records) const;

 private:
  double wall_ = 0, cpu_ = 0;
};

double seconds_now();

/// Counts records with librdkafka alone, or decodes each of them too.
nlohmann::json count(const settings& how);
nlohmann::json decode(const settings& how);
/// Returns {topic: {partition: end offset}}.
nlohmann::json ends(const settings& how);

/// The node's work without servers, over all records; `live`: figures are shown
/// from the start. A flush comes every so many records.
nlohmann::json work(const settings& how, bool live, std::int64_t flush_records);

enum class part { snapshot, rest };
/// Writes one part of the records again under another topic prefix, as fast as Kafka takes them.
/// Returns also {changes}: records that are no tombstones.
nlohmann::json replay(const settings& how, const std::string& to, part what);
/// Deletes the topics of a prefix.
nlohmann::json drop(const settings& how, const std::string& prefix);
/// Writes what comes behind the snapshot under another prefix at each of these
/// rates for so long, and tells how long inserted orders take from there to Redis.
nlohmann::json latency(const settings& how, const std::string& to, const std::vector<int>& rates,
                       int seconds);

} // namespace millrace::bench
