#include "actors/cell/row_table.hpp"

#include <algorithm>
#include <utility>

namespace millrace {

namespace {

/// A slot takes 16 bytes. A full table saves more memory than its longer searches cost time.
constexpr float fullest = 0.8F;

} // namespace

stored_row* row_table::find(route_id route, std::string_view key) const {
  auto rows = rows_.find(route);
  if (rows == rows_.end())
    return nullptr;
  auto found = rows->second.find(key);
  return found == rows->second.end() ? nullptr : found->row.get();
}

stored_row& row_table::put(route_id route, std::string_view key, std::string_view kept, std::size_t marks) {
  auto& rows = rows_[route];
  auto found = rows.find(key);
  if (found == rows.end())
    return add(rows, key, kept, marks);
  auto& there = found->row;
  if (there->marks().size() == marks && there->overwrite(kept))
    return *there;
  there = there->with(kept, marks);
  if (there->touched > 0)
    touched_[there->touched - 1].row = there.get();
  return *there;
}

stored_row& row_table::add(rows_by_key& to, std::string_view key, std::string_view kept, std::size_t marks) {
  if (to.empty())
    to.max_load_factor(fullest);
  return *to.insert(slot{stored_row::make(key, kept, marks)}).first->row;
}

void row_table::erase(const row_name& name) {
  auto& rows = rows_[name.route];
  auto found = rows.find(std::string_view(name.key));
  if (found == rows.end())
    return;
  if (auto touched = found->row->touched; touched > 0)
    touched_[touched - 1].row = nullptr;
  rows.erase(found);
  removed_.push_back(name);
}

void row_table::touch(route_id route, stored_row& x) {
  if (x.touched > 0)
    return;
  touched_.push_back({route, &x});
  x.touched = static_cast<std::uint32_t>(touched_.size());
}

block_rows row_table::take_changes() {
  for (auto& x : touched_)
    if (x.row)
      x.row->touched = 0;
  block_rows out{std::exchange(removed_, {}), std::exchange(touched_, {}), reads_.take_changes()};
  std::erase_if(out.there, [](auto& x) { return !x.row; });
  return out;
}

void row_table::bar(route_id route, lsn before) {
  auto& bar = bars_[route];
  bar = std::max(bar, before);
}

bool row_table::barred(route_id route, lsn at) const {
  auto found = bars_.find(route);
  return found != bars_.end() && at < found->second;
}

bool row_table::knows_of(route_id route, lsn at) const {
  auto found = bars_.find(route);
  return found != bars_.end() && found->second >= at;
}

std::vector<row_name> row_table::names() const {
  std::vector<row_name> out;
  out.reserve(count());
  each([&](route_id route, stored_row& x) { out.push_back({route, std::string(x.key())}); });
  return out;
}

std::vector<row_name> row_table::older_than(route_id route, lsn limit) const {
  std::vector<row_name> out;
  each_of(route, [&](stored_row& x) {
    if (x.at < limit)
      out.push_back({route, std::string(x.key())});
  });
  return out;
}

std::vector<std::uint64_t> row_table::counts(std::size_t routes) const {
  std::vector<std::uint64_t> out(routes, 0);
  for (auto& [route, rows] : rows_)
    if (route.value < routes)
      out[route.value] = rows.size();
  return out;
}

std::size_t row_table::count() const {
  std::size_t n = 0;
  for (auto& [_, rows] : rows_)
    n += rows.size();
  return n;
}

void row_table::clear() { *this = {}; }

} // namespace millrace
