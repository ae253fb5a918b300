#pragma once

/// What a walsender and its reader send each other within COPY BOTH.
/// Source: PostgreSQL, "Streaming Replication Protocol".

#include "messages/error.hpp"
#include "messages/units.hpp"

#include <chrono>
#include <string>
#include <string_view>
#include <variant>

namespace millrace::postgres {

/// A message of the output plugin. Refers to the frame's bytes.
struct wal_data {
  lsn at; ///< of the WAL record that it comes from; of a commit, the LSN after it
  std::string_view content;
};

struct keepalive {
  lsn sent; ///< everything that was committed before it was sent
  bool wants_reply = false;
};

using replication_frame = std::variant<wal_data, keepalive>;

/// Reads one frame. An error (bad_record) names the frame and the offset.
result<replication_frame> read_frame(std::string_view bytes);

/// Returns a standby status update: received, flushed and applied are all `confirmed`. `wants_reply` asks
/// for a keepalive.
std::string status_update(lsn confirmed, std::chrono::system_clock::time_point now, bool wants_reply);

} // namespace millrace::postgres
