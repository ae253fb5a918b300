#include "actors/cell/turn_schedule.hpp"

namespace millrace {

void turn_schedule::move(route_id route, std::string_view key, std::optional<tick_seconds> before,
                         std::optional<tick_seconds> after) {
  if (before == after)
    return;
  row_name name{route, std::string(key)};
  if (before)
    turns_.erase({*before, name});
  if (after)
    turns_.emplace(*after, std::move(name));
}

std::optional<tick_seconds> turn_schedule::next() const {
  return turns_.empty() ? std::nullopt : std::optional(turns_.begin()->first);
}

std::vector<row_name> turn_schedule::take(tick_seconds now) {
  std::vector<row_name> out;
  for (; !turns_.empty() && turns_.begin()->first <= now; turns_.erase(turns_.begin()))
    out.push_back(turns_.begin()->second);
  return out;
}

} // namespace millrace
