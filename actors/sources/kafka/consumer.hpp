#pragma once

/// Reads records of change topics from assigned partitions, in batches per partition. Doesn't parse
/// the records.

#include "actors/sources/kafka/units.hpp"
#include "messages/error.hpp"

#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace millrace::kafka {

struct settings {
  std::string brokers;
  std::string group; ///< its committed offsets are a hint, and feed the lag tools
  std::string client_id = "millrace";
  std::size_t max_record_bytes = 72u << 20;      ///< Debezium's 64 MiB and a reserve
  std::map<std::string, std::string> librdkafka; ///< properties passed through (SASL, TLS)
};

struct topic_partition {
  std::string topic;
  partition_id partition;
  auto operator<=>(const topic_partition&) const = default;
};

/// The partition that each source stands for.
using topics_by_source = std::map<source_id, topic_partition>;

/// One record. Key and payload point into memory that `hold` owns.
struct record {
  kafka_offset offset;
  std::optional<std::string_view> key;
  std::optional<std::string_view> payload; ///< nullopt: a tombstone
  std::int64_t timestamp_ms = 0;
  std::shared_ptr<void> hold;
  const void* raw = nullptr; ///< librdkafka's message, owned by `hold`; for headers_of()
};

using header_list = std::vector<std::pair<std::string, std::string>>;

/// Returns the record's headers in order. A null value becomes an empty text.
header_list headers_of(const record& of);

/// The records of one partition from one poll.
struct record_batch {
  topic_partition from;
  std::vector<record> records;
  /// All before this offset has been read, including control records. The next record has at least this
  /// offset.
  kafka_offset next{0};
  bool at_end = false;         ///< the partition's end was reached
  std::optional<error> failed; ///< e.g. offset out of range, topic gone
};

/// The first offset that still exists, and the offset that the next record will get.
struct watermarks {
  kafka_offset low, high;
};

/// Used by one thread. Reads committed records only (isolation.level).
class consumer {
 public:
  /// Creates a consumer, without a request to a server. An error (bad_setting) names a property that
  /// librdkafka rejects.
  static result<consumer> connect(const settings& how);
  ~consumer();
  consumer(consumer&&) noexcept;
  consumer& operator=(consumer&&) noexcept;

  /// Returns the topic's partition numbers. An error names a missing topic.
  result<std::vector<partition_id>> partitions(const std::string& topic, std::chrono::milliseconds timeout);
  /// Returns the number of partitions of each topic whose name begins with `prefix`.
  result<std::map<std::string, int>> topics(const std::string& prefix, std::chrono::milliseconds timeout);
  /// Returns the partition's first offset and its (read committed) end.
  result<watermarks> bounds(const topic_partition& of, std::chrono::milliseconds timeout);

  /// Returns the end of an assigned partition as of the last fetch, without a request; `no_offset` if it is
  /// unknown.
  kafka_offset known_end(const topic_partition& of) const;

  /// Assigns exactly these partitions, from these offsets. `no_offset` means the first record that
  /// exists. Replaces the previous assignment.
  result<void> assign(const std::map<topic_partition, kafka_offset>& from);
  /// Assigns more partitions; unassign() removes some. The others continue.
  result<void> assign_more(const std::map<topic_partition, kafka_offset>& from);
  result<void> unassign(const std::vector<topic_partition>& of);
  /// Reads one assigned partition again from `offset`. Discards prefetched records.
  result<void> seek(const topic_partition& of, kafka_offset offset);
  /// Stops fetching a partition; resume() continues. Call poll() meanwhile all the same.
  void pause(const topic_partition& of);
  void resume(const topic_partition& of);

  /// Returns up to `most` records of each partition that has some. Waits at most `timeout` for the
  /// first record. Also runs librdkafka's callbacks.
  std::vector<record_batch> poll(std::size_t most, std::chrono::milliseconds timeout);

  /// Commits group offsets without waiting. Only logs a failure.
  void commit(const std::map<topic_partition, kafka_offset>& next);

 private:
  struct impl;
  explicit consumer(std::unique_ptr<impl> x);
  std::unique_ptr<impl> impl_;
};

} // namespace millrace::kafka
