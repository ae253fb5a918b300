#pragma once

/// Dead letters as records of the project's dead-letter topic.

#include "actors/sources/kafka/producer.hpp"
#include "actors/sources/letter_box.hpp"

#include <map>

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

/// Returns the record that resolves a letter.
outgoing make_resolution(const std::string& topic, const stored_letter& of, const std::string& how,
                         std::int64_t now_ms);

/// The open letters: those that no later record resolves. If a router dies after it has written a
/// letter, the record is written again; both are one letter. A resolved letter stays resolved when
/// a rebuild writes it again, because the resolution has the same partition. Another record at the
/// same offset of a recreated topic is another letter.
class letter_book {
 public:
  /// Adds the topic's records, in their order.
  void add(const topic_partition& from, const record& x);
  void add(const topic_partition& from, kafka_offset at, const header_list& headers, std::size_t content,
           std::optional<std::string> key = {});

  const std::map<std::string, stored_letter>& open() const { return open_; } ///< by origin
  /// Returns the number of open letters, by table.
  std::map<std::string, std::int64_t> by_table() const;
  /// Returns the number of records that are neither a letter nor a resolution.
  std::int64_t strangers() const { return strangers_; }

 private:
  std::map<std::string, stored_letter> open_;
  std::map<std::string, std::size_t> resolved_; ///< hash of the content, by origin
  std::int64_t strangers_ = 0;
};

/// Reads the dead-letter topic. Error: the read takes longer than the timeout.
result<letter_book> read_letters(consumer& from, const std::string& topic, std::chrono::milliseconds timeout);

/// Reads one letter with its key and payload.
result<record> read_letter(consumer& from, const stored_letter& which, std::chrono::milliseconds timeout);

} // namespace millrace::kafka
