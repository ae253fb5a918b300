/// Plans as JSON text. Enumerators are written as numbers, so add new ones at the end only.

#include "actors/figures/plan/plan_json.hpp"

#include <algorithm>
#include <charconv>
#include <stdexcept>

namespace millrace {

int postgres::fraction_by_name(const column& x) {
  int n = 6;
  auto of_times =
      x.type == column_type::timestamp || x.type == column_type::timestamptz || x.type == column_type::time;
  if (auto open = x.type_name.find('('); of_times && open != std::string::npos)
    std::from_chars(x.type_name.data() + open + 1, x.type_name.data() + x.type_name.size(), n);
  return n;
}

bool fill_again(plan_set& plans, const std::string& name) {
  auto at = std::find_if(plans.figures.begin(), plans.figures.end(), [&](auto& x) { return x.name == name; });
  if (at == plans.figures.end())
    return false;
  ++at->refills;
  return true;
}

std::string to_json(const plan_set& plans) { return nlohmann::json(plans).dump(); }

plan_set plans_from_json(const std::string& text) {
  try {
    return nlohmann::json::parse(text).get<plan_set>();
  } catch (const nlohmann::json::exception& x) {
    throw std::runtime_error(std::string("these aren't plans: ") + x.what());
  }
}

} // namespace millrace
