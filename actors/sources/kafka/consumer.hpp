#pragma once

/// Reads records of change topics from assigned partitions, in batches, one
/// queue a partition. Knows Kafka, knows nothing of what records say.

#include "messages/error.hpp"
#include "messages/units.hpp"

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
  std::string group; ///< its offsets are a hint, and feed the lag tools
  std::string client_id = "millrace";
  std::size_t max_record_bytes = 72u << 20;      ///< Debezium's 64 MiB and room
  std::map<std::string, std::string> librdkafka; ///< passed through (SASL, TLS)
};

struct topic_partition {
  std::string topic;
  partition_id partition;
  auto operator<=>(const topic_partition&) const = default;
};

/// One record. Key and payload point into memory that `hold` keeps.
struct record {
  kafka_offset offset;
  std::optional<std::string_view> key;
  std::optional<std::string_view> payload; ///< nullopt: a tombstone
  std::int64_t timestamp_ms = 0;
  std::shared_ptr<void> hold;
  const void* raw = nullptr; ///< librdkafka's message, kept by `hold`; for headers_of()
};

using header_list = std::vector<std::pair<std::string, std::string>>;

/// Returns the record's headers in their order; a null value reads as empty.
header_list headers_of(const record& of);

/// What a partition had to give.
struct record_batch {
  topic_partition from;
  std::vector<record> records;
  /// All before this offset has been read, control records too; the next one to
  /// come has at least this offset.
  kafka_offset next{0};
  bool at_end = false;         ///< the partition's end was reached
  std::optional<error> failed; ///< e.g. offset out of range, topic gone
};

/// First offset still there, and the one that the next record will get.
struct watermarks {
  kafka_offset low, high;
};

/// Used by one thread. Reads committed records only (isolation.level).
class consumer {
 public:
  /// Asks no server yet; an error (bad_setting) names what librdkafka refuses.
  static result<consumer> connect(const settings& how);
  ~consumer();
  consumer(consumer&&) noexcept;
  consumer& operator=(consumer&&) noexcept;

  /// Returns the topic's partition numbers; an error names a missing topic.
  result<std::vector<partition_id>> partitions(const std::string& topic, std::chrono::milliseconds timeout);
  /// Returns how many partitions each topic has whose name begins with `prefix`.
  result<std::map<std::string, int>> topics(const std::string& prefix, std::chrono::milliseconds timeout);
  /// Returns where the partition begins and (read committed) ends.
  result<watermarks> bounds(const topic_partition& of, std::chrono::milliseconds timeout);

  /// Reads from exactly these partitions from these offsets on; `nowhere` means
  /// from the first record there is. Replaces the assignment that was there.
  result<void> assign(const std::map<topic_partition, kafka_offset>& from);
  /// The same for some more partitions, and without some; the others read on.
  result<void> assign_more(const std::map<topic_partition, kafka_offset>& from);
  result<void> unassign(const std::vector<topic_partition>& of);
  /// Reads one assigned partition again from `offset`; what was prefetched goes.
  result<void> seek(const topic_partition& of, kafka_offset offset);
  /// Stops and goes on with fetching a partition; the poll goes on all the same.
  void pause(const topic_partition& of);
  void resume(const topic_partition& of);

  /// Returns up to `most` records of each partition that has some, waiting at
  /// most `timeout` for the first. Serves librdkafka's callbacks too.
  std::vector<record_batch> poll(std::size_t most, std::chrono::milliseconds timeout);

  /// Commits group offsets without waiting; a failure is logged, no more.
  void commit(const std::map<topic_partition, kafka_offset>& next);

 private:
  struct impl;
  explicit consumer(std::unique_ptr<impl> x);
  std::unique_ptr<impl> impl_;
};

} // namespace millrace::kafka
