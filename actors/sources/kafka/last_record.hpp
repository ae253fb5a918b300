#pragma once

/// The record that the router is processing, in a file that outlives the process. If two processes
/// in a row end at the same record, the third one sends it to the dead-letter topic.
///
/// The file is mapped into memory, so a kill loses nothing, and a record costs two stores. Only the
/// machine that wrote the file can read it.

#include "actors/sources/kafka/consumer.hpp"
#include "messages/error.hpp"

#include <memory>
#include <optional>
#include <string>

namespace millrace::kafka {

/// A record's partition and offset.
struct record_place {
  topic_partition from;
  kafka_offset offset;
  bool operator==(const record_place&) const = default;
};

/// Returns TOPIC/PARTITION, and TOPIC/PARTITION:OFFSET.
std::string to_text(const topic_partition& x);
std::string to_text(const record_place& x);

class last_record {
 public:
  /// Doesn't record anything, and suspects no record.
  last_record();
  /// Opens or creates the file. Error: bad_setting if it can't be written or has another format.
  static result<last_record> open(const std::string& path);

  /// Returns the record at which the last two processes ended.
  const std::optional<record_place>& suspect() const { return suspect_; }

  /// The router begins a batch of this partition.
  void enter(const topic_partition& from);
  /// The router begins this record.
  void at(kafka_offset offset);
  /// The router has left the batch: it is at no record.
  void leave();

  ~last_record();
  last_record(last_record&&) noexcept;
  last_record& operator=(last_record&&) noexcept;

 private:
  struct note;
  void take_up();

  note* note_ = nullptr; ///< mapped; null: nothing is recorded
  std::optional<record_place> suspect_;
};

} // namespace millrace::kafka
