/// Plans as JSON text. Enumerators are written as their numbers: they are only
/// ever added at the end.

#include "actors/figures/plan_json.hpp"

#include <stdexcept>

namespace millrace {

std::string to_json(const plan_set& plans) { return nlohmann::json(plans).dump(); }

plan_set plans_from_json(const std::string& text) {
  try {
    return nlohmann::json::parse(text).get<plan_set>();
  } catch (const nlohmann::json::exception& x) {
    throw std::runtime_error(std::string("these aren't plans: ") + x.what());
  }
}

} // namespace millrace
