#include "actors/cell/former_plans.hpp"

#include "messages/rows.hpp"

#include <utility>

namespace millrace {

std::uint64_t block_fingerprint(const plan_set& plans, std::uint64_t epoch) {
  auto out = plans.fingerprint();
  return epoch == 0 ? out : out ^ (epoch * 0x9e3779b97f4a7c15);
}

std::string translated(const route_change& how, std::string_view kept) {
  auto before = unpack(kept);
  row now;
  for (auto& from : how.columns)
    now.push_back(from ? std::move(before.at(*from)) : value{});
  return pack(now);
}

} // namespace millrace
