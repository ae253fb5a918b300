#include "actors/cell/table_reads.hpp"

#include <algorithm>
#include <utility>

namespace millrace {

void table_reads::begin(route_id route, lsn from) {
  if (auto known = under_way_.find(route); known != under_way_.end() && known->second >= from)
    return;
  forget(route);
  under_way_[route] = from;
  removed_[route];
}

void table_reads::end(route_id route, lsn from) {
  if (auto known = under_way_.find(route); known != under_way_.end() && known->second <= from)
    forget(route);
}

void table_reads::forget(route_id route) {
  under_way_.erase(route);
  removed_.erase(route);
  std::erase_if(fresh_, [&](auto& x) { return x.route == route; });
}

void table_reads::removed(route_id route, std::string_view key, lsn at) {
  auto found = removed_.find(route);
  if (found == removed_.end())
    return;
  auto& known = found->second[std::string(key)];
  known = std::max(known, at);
  fresh_.push_back({route, std::string(key), known});
}

bool table_reads::removed_since(route_id route, std::string_view key, lsn at) const {
  auto found = removed_.find(route);
  if (found == removed_.end())
    return false;
  auto known = found->second.find(key);
  return known != found->second.end() && known->second >= at;
}

block_reads table_reads::take_changes() { return {under_way_, std::exchange(fresh_, {})}; }

block_reads table_reads::all() const {
  block_reads out{under_way_, {}};
  for (auto& [route, keys] : removed_)
    for (auto& [key, at] : keys)
      out.removed.push_back({route, key, at});
  return out;
}

void table_reads::apply(const block_reads& x) {
  std::vector<route_id> ended;
  for (auto& [route, from] : under_way_)
    if (auto still = x.under_way.find(route); still == x.under_way.end() || still->second != from)
      ended.push_back(route);
  for (auto route : ended)
    forget(route);
  for (auto& [route, from] : x.under_way)
    if (!under_way(route))
      begin(route, from);
  for (auto& each : x.removed)
    removed(each.route, each.key, each.at);
}

} // namespace millrace
