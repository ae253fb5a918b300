#include "actors/shard/row_table.hpp"

#include <algorithm>

namespace millrace {

stored_row* row_table::find(const row_name& name) {
  auto& rows = rows_[name.route];
  auto found = rows.find(name.key);
  return found == rows.end() ? nullptr : &found->second;
}

void row_table::erase(const row_name& name) { rows_[name.route].erase(name.key); }

void row_table::bar(route_id route, lsn before) {
  auto& bar = bars_[route];
  bar = std::max(bar, before);
}

bool row_table::barred(route_id route, lsn at) const {
  auto found = bars_.find(route);
  return found != bars_.end() && at < found->second;
}

std::vector<row_name> row_table::names() const {
  std::vector<row_name> out;
  out.reserve(count());
  for (auto& [route, rows] : rows_)
    for (auto& [key, _] : rows)
      out.push_back({route, key});
  return out;
}

std::vector<row_name> row_table::older_than(route_id route, lsn limit) const {
  std::vector<row_name> out;
  if (auto found = rows_.find(route); found != rows_.end())
    for (auto& [key, x] : found->second)
      if (x.at < limit)
        out.push_back({route, key});
  return out;
}

std::size_t row_table::count() const {
  std::size_t n = 0;
  for (auto& [_, rows] : rows_)
    n += rows.size();
  return n;
}

void row_table::clear() {
  rows_.clear();
  bars_.clear();
}

} // namespace millrace
