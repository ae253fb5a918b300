#pragma once

/// Writes records to a topic, each once: for events that are given to it at least once.
///
/// A record's identity is its header `id`. A batch is one transaction. A writer that takes over fences the
/// one before, whose open transaction is aborted, and reads the newest records of the topic. It leaves out
/// those that are there already. So a process that dies between the commit and its own note of it doubles
/// nothing, if consumers read committed records only.

#include "actors/sources/kafka/consumer.hpp"
#include "actors/sources/kafka/producer.hpp"

#include <memory>

namespace millrace::kafka {

struct once_settings {
  settings kafka;
  std::string topic;            ///< created with one partition if it doesn't exist
  std::string writer;           ///< transactional.id: one writer at a time has it
  std::int64_t recent = 10'000; ///< offsets of each partition that a writer reads when it takes over
};

/// For one thread.
class once_writer {
 public:
  explicit once_writer(once_settings how);
  ~once_writer();
  once_writer(once_writer&&) noexcept;
  once_writer& operator=(once_writer&&) noexcept;

  /// Returns when the records are committed, or were before. After an error the records may be committed
  /// or not; the same call again finds out. Error: unavailable, denied; fenced: another writer took over, and
  /// the next call takes over from it.
  result<void> write(const std::vector<outgoing>& records, std::chrono::milliseconds timeout);

 private:
  struct impl;
  std::unique_ptr<impl> impl_;
};

} // namespace millrace::kafka
