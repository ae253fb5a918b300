#include "actors/inspector/log_level.hpp"

#include <spdlog/spdlog.h>

namespace millrace {

result<void> set_log_level(const std::string& wanted) {
  auto level = spdlog::level::from_str(wanted);
  if (level == spdlog::level::off && wanted != "off") // spdlog returns `off` for every unknown word
    return error{errc::bad_setting, "log_level is trace, debug, info, warning, error, critical or off"};
  spdlog::set_level(level);
  return {};
}

std::string log_level() {
  auto name = spdlog::level::to_string_view(spdlog::get_level());
  return {name.data(), name.size()};
}

} // namespace millrace
