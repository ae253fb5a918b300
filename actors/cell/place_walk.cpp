#include "actors/cell/place_walk.hpp"

#include "messages/rows.hpp"

namespace millrace {

place_walk::place_walk(const row_table& rows, const figure_fold& figures) {
  rows.each([&](route_id route, const stored_row& x) {
    if (figures.projections(route) > 0)
      waiting_.push_back({route, std::string(x.key())});
  });
}

std::vector<place_check> place_walk::next(const row_table& rows, const figure_fold& figures, tick_seconds now,
                                          std::size_t count) {
  std::vector<place_check> out;
  row key;
  for (; at_ < waiting_.size() && out.size() < count; ++at_) {
    auto& name = waiting_[at_];
    if (auto* there = rows.find(name.route, name.key)) {
      unpack(name.key, key);
      figures.check(name.route, key, there->marks(), now, out);
    }
  }
  if (at_ == waiting_.size() && out.size() < count)
    finished_ = !figures.check_groups(groups_, count - out.size(), now, out);
  return out;
}

} // namespace millrace
