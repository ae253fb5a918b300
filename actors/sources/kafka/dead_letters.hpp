#pragma once

/// Dead letters as records of the project's dead-letter topic.

#include "actors/sources/kafka/producer.hpp"
#include "actors/sources/letter_box.hpp"

#include <deque>
#include <map>
#include <utility>

namespace millrace::kafka {

/// Limits of a letter, in bytes. Kafka would reject a larger record, and keys from PostgreSQL are
/// shorter. If payload or key is incomplete, the header millrace.bytes has the record's size.
inline constexpr std::size_t longest_letter_payload = 256 << 10, longest_letter_key = 64 << 10,
                             longest_letter_error = 2 << 10;

/// Returns the letter. The payload is cut at its limit, and a longer key is left out. Headers
/// contain the record's origin, the error, the table (SCHEMA.TABLE) and the time.
outgoing make_dead_letter(const std::string& topic, const topic_partition& from, kafka_offset offset,
                          const std::string& table, std::optional<std::string> key,
                          std::optional<std::string> payload, const std::string& why, std::int64_t now_ms);

/// A letter's headers and the record's key. Kafka keeps the payload. Its origin is TOPIC/PARTITION/OFFSET.
struct stored_letter : dead_letter {
  topic_partition from; ///< the record's partition
  kafka_offset offset;
  topic_partition stored_in; ///< the letter's partition
  kafka_offset stored;
  std::size_t content = 0; ///< hash of key and payload
};

/// Returns the partition that an origin names; nullopt if it names none.
std::optional<topic_partition> partition_in(const std::string& origin);

/// Returns the record that resolves every letter of a table that is stored in this partition before this
/// offset.
outgoing make_table_resolution(const topic_partition& in, kafka_offset before, const std::string& table,
                               const std::string& how, std::int64_t now_ms);

/// Returns the record that resolves a letter.
outgoing make_resolution(const std::string& topic, const stored_letter& of, const std::string& how,
                         std::int64_t now_ms);

/// The open letters: those that no later record resolves. If a router dies after it has written a
/// letter, the record is written again; both are one letter. A resolved letter stays resolved when
/// a rebuild writes it again, because the resolution has the same partition. Another record at the
/// same offset of a recreated topic is another letter.
///
/// The book knows a bounded number of letters, the oldest; of those beyond it only where they are stored, 8
/// bytes each. A record that resolves a table's letters closes these too.
class letter_book {
 public:
  /// `most`: letters that are known, and resolved ones that are remembered.
  explicit letter_book(std::size_t most = 10'000) : most_(most) {}

  /// Adds the topic's records, in their order.
  void add(const topic_partition& from, const record& x);
  void add(const topic_partition& from, kafka_offset at, const header_list& headers, std::size_t content,
           std::optional<std::string> key = {});

  const std::map<std::string, stored_letter>& open() const { return open_; } ///< by origin
  /// Returns the number of open letters, by table. Of those beyond the bound, one that was written twice
  /// counts twice.
  std::map<std::string, std::int64_t> by_table() const;
  /// Kafka has deleted what was stored before this offset.
  void forget(const topic_partition& from, kafka_offset before);
  /// Returns the number of records that are neither a letter nor a resolution.
  std::int64_t strangers() const { return strangers_; }

 private:
  void open(const topic_partition& from, stored_letter x);
  void resolve(const std::string& origin);
  void resolve_table(const topic_partition& from, const std::string& table, kafka_offset before);
  void remember(const std::string& origin, std::size_t content);

  std::size_t most_;
  std::map<std::string, stored_letter> open_;
  std::map<std::string, std::size_t> resolved_; ///< hash of the content, by origin
  std::deque<std::string> resolved_order_;      ///< origins in `resolved_`, the oldest first
  /// Where letters of a table that aren't known are stored.
  std::map<std::pair<topic_partition, std::string>, std::deque<kafka_offset>> beyond_;
  std::int64_t strangers_ = 0;
};

/// Reads one letter with its key and payload.
result<record> read_letter(consumer& from, const stored_letter& which, std::chrono::milliseconds timeout);

} // namespace millrace::kafka
