#pragma once

/// Records that can't be decoded, kept in the project's dead-letter topic until
/// somebody has dealt with them.

#include "actors/sources/kafka/producer.hpp"

#include <map>

namespace millrace {

/// What a letter holds of a record, in bytes: a larger one couldn't be written, and a key
/// of PostgreSQL's is never as long. The header millrace.bytes says how long the record was
/// whose payload or key isn't whole.
inline constexpr std::size_t longest_letter_payload = 256 << 10, longest_letter_key = 64 << 10,
                             longest_letter_error = 2 << 10;

/// Returns the letter: key and payload as they came, as far as a letter holds them (a longer
/// key not at all); headers say where from, why, which table (SCHEMA.TABLE) and when.
kafka::outgoing make_dead_letter(const std::string& topic, const kafka::topic_partition& from,
                                 kafka_offset offset, const std::string& table,
                                 std::optional<std::string> key, std::optional<std::string> payload,
                                 const std::string& why, std::int64_t now_ms);

/// A letter as its headers tell, with the record's key; its payload stays in Kafka.
struct dead_letter {
  kafka::topic_partition from; ///< where the record stood
  kafka_offset offset;
  std::string error, table;
  std::int64_t at_ms = 0;
  kafka::topic_partition stored_in; ///< where the letter stands
  kafka_offset stored;
  std::size_t content = 0; ///< hash of key and payload
  std::optional<std::string> key;

  /// Returns "topic/partition/offset" of the record: the letter's name.
  std::string origin() const;
};

/// Returns the record that resolves a letter.
kafka::outgoing make_resolution(const std::string& topic, const dead_letter& of, const std::string& how,
                                std::int64_t now_ms);

/// Which letters are open: those that no later record resolves. The same record
/// written twice (a router that died in between) is one letter, and it stays
/// resolved when a rebuild meets it again: what resolved it stands behind it in
/// the same partition. Another record at its place, in a topic that was made
/// anew, is another letter.
class letter_book {
 public:
  /// Takes the topic's records in their order.
  void add(const kafka::topic_partition& from, const kafka::record& x);
  void add(const kafka::topic_partition& from, kafka_offset at, const kafka::header_list& headers,
           std::size_t content, std::optional<std::string> key = {});

  const std::map<std::string, dead_letter>& open() const { return open_; } ///< by origin
  /// Returns how many letters are open, by table.
  std::map<std::string, std::int64_t> by_table() const;
  /// Records that are neither letter nor resolution.
  std::int64_t strangers() const { return strangers_; }

 private:
  std::map<std::string, dead_letter> open_;
  std::map<std::string, std::size_t> resolved_; ///< the content, by origin
  std::int64_t strangers_ = 0;
};

/// Reads the whole topic. An error if that can't be done within the timeout.
result<letter_book> read_letters(kafka::consumer& from, const std::string& topic,
                                 std::chrono::milliseconds timeout);

/// Reads one letter with key and payload.
result<kafka::record> read_letter(kafka::consumer& from, const dead_letter& which,
                                  std::chrono::milliseconds timeout);

} // namespace millrace
