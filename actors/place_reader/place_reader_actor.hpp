#pragma once

/// The place reader: reads from Redis what a person asks for, so that no other actor waits for it.

#include "actors/interfaces.hpp"
#include "messages/error.hpp"

#include <functional>

namespace millrace {

struct place_reader_settings {
  std::function<result<void>(row_report&)> add_values;
  std::function<result<std::vector<alert_report>>()> alerts;
};

/// Returns the place reader's behavior. Spawn it detached: Redis blocks its thread.
place_reader_actor::behavior_type place_reader(place_reader_actor::pointer self, place_reader_settings how);

} // namespace millrace
