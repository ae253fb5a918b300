#pragma once

/// What a sender of alerts reads of alerts:stream, and its position there.

#include <cstdint>
#include <string>
#include <vector>

namespace millrace::redis {

/// An event: its ID in the stream (empty: not from there), and field and text in turn.
struct stream_event {
  std::string id;
  std::vector<std::string> fields;
};

/// The stream as one receiver finds it, read in one step.
struct outgoing_alerts {
  std::string position;           ///< the receiver's, "ID COUNT"; empty: it has none yet
  std::uint64_t added = 0;        ///< events that the stream was ever given
  std::uint64_t length = 0;       ///< events that it has; it is capped
  std::string newest;             ///< ID of the newest event; 0-0: there was none
  std::vector<stream_event> next; ///< after the position, oldest first
};

/// Some of an alert's subjects that fire or recover, by their newest events.
struct active_alerts {
  std::string cursor; ///< where the next page begins; "0": there is none
  std::vector<stream_event> events;
};

} // namespace millrace::redis
