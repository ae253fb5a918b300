#pragma once

/// JSON of records that are small and flat if Debezium wrote them. Others can write to these topics too.

#include <nlohmann/json.hpp>

#include <string_view>

namespace millrace::connect {

/// Returns the value without what is nested deeper than Debezium nests; discarded if it is no JSON. A value
/// that is nested 100,000 deep would end the process when it is copied.
inline nlohmann::json shallow_json(std::string_view text) {
  constexpr int deepest = 32;
  return nlohmann::json::parse(
      text, [](int depth, nlohmann::json::parse_event_t, nlohmann::json&) { return depth <= deepest; },
      false);
}

} // namespace millrace::connect
