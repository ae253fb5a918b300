#include "actors/member/cell_claims.hpp"

#include <algorithm>

namespace millrace {

void cell_claims::say(const std::string& node, const std::set<cell_id>& cells) {
  ++words_;
  auto& said = since_[node];
  std::erase_if(said, [&](auto& x) { return cells.count(x.first) == 0; });
  for (auto cell : cells)
    said.try_emplace(cell, words_);
  if (said.empty())
    since_.erase(node);
}

std::map<cell_id, std::string> cell_claims::owners() const {
  std::map<cell_id, std::string> out;
  std::map<cell_id, std::uint64_t> latest;
  for (auto& [node, cells] : since_)
    for (auto& [cell, since] : cells)
      if (auto& last = latest[cell]; since > last) {
        last = since;
        out[cell] = node;
      }
  return out;
}

bool cell_claims::claimed(cell_id cell) const {
  return std::any_of(since_.begin(), since_.end(), [&](auto& x) { return x.second.count(cell) > 0; });
}

} // namespace millrace
