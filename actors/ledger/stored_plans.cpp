#include "actors/ledger/stored_plans.hpp"

#include "actors/ledger/retire.hpp"

#include <nlohmann/json.hpp>

#include <stdexcept>

namespace millrace {

stored_plans stored_plans::read(const redis::project_format& from) {
  stored_plans out;
  if (!from.plans.empty())
    out.plans = plans_from_json(from.plans);
  out.epoch = from.epoch;
  if (from.former.empty())
    return out;
  try {
    for (auto& x : nlohmann::json::parse(from.former))
      out.former.push_back(
          {x.at("epoch").get<std::uint64_t>(), plans_from_json(x.at("plans").get<std::string>())});
  } catch (const nlohmann::json::exception& x) {
    throw std::runtime_error(std::string("these aren't former plans: ") + x.what());
  }
  return out;
}

former_plans stored_plans::translations() const {
  former_plans out;
  std::optional<plan_translation> onward;
  auto next = &plans;
  for (auto it = former.rbegin(); it != former.rend(); ++it) {
    auto step = translate(it->plans, *next);
    onward = onward ? then(step, *onward) : step;
    out[block_fingerprint(it->plans, it->epoch)] = *onward;
    next = &it->plans;
  }
  return out;
}

std::string stored_plans::former_json() const {
  if (former.empty())
    return {};
  auto out = nlohmann::json::array();
  for (auto& x : former)
    out.push_back({{"epoch", x.epoch}, {"plans", to_json(x.plans)}});
  return out.dump();
}

/// Also keeps all sets between a needed one and the present one.
bool stored_plans::forget_all_but(const std::set<std::uint64_t>& fingerprints) {
  auto first = former.begin();
  while (first != former.end() && fingerprints.count(block_fingerprint(first->plans, first->epoch)) == 0)
    ++first;
  auto any = first != former.begin();
  former.erase(former.begin(), first);
  return any;
}

cell_settings cells_of(const stored_plans& x, const std::string& project) {
  return {&x.plans, x.fingerprint(), staging_prefix(project),
          std::make_shared<former_plans>(x.translations())};
}

} // namespace millrace
