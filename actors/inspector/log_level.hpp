#pragma once

#include "messages/error.hpp"

#include <string>

namespace millrace {

/// Sets from which level on this process logs. An error lists the levels.
result<void> set_log_level(const std::string& wanted);

/// Returns the present level.
std::string log_level();

} // namespace millrace
