#pragma once

/// The record that a router is at, in a file that outlives the process: a record that
/// ended the process twice is told to the third, which puts it aside.
///
/// The file is mapped into memory, so that a kill loses nothing and a record costs two
/// stores. It is read by the machine that wrote it alone.

#include "actors/sources/kafka/consumer.hpp"
#include "messages/error.hpp"

#include <memory>
#include <optional>
#include <string>

namespace millrace {

/// A record by its place.
struct record_place {
  kafka::topic_partition from;
  kafka_offset offset;
  bool operator==(const record_place&) const = default;
};

class last_record {
 public:
  /// Remembers nothing, and suspects none.
  last_record();
  /// Opens the file, or makes it. Errors (bad_setting): it can't be written, or is no file of ours.
  static result<last_record> open(const std::string& path);

  /// Returns the record at which the last two processes ended.
  const std::optional<record_place>& suspect() const { return suspect_; }

  /// The router comes to records of this partition.
  void enter(const kafka::topic_partition& from);
  /// It is at this record now.
  void at(kafka_offset offset);
  /// It is at none.
  void leave();

  ~last_record();
  last_record(last_record&&) noexcept;
  last_record& operator=(last_record&&) noexcept;

 private:
  struct note;
  void take_up();

  note* note_ = nullptr; ///< mapped; null: nothing is remembered
  std::optional<record_place> suspect_;
};

} // namespace millrace
