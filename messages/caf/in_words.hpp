#pragma once

/// CAF's errors as text for people.

#include <caf/all.hpp>

#include <string>

namespace millrace {

/// Returns the error's own sentence; without one, its code.
inline std::string in_words(const caf::actor_system& system, const caf::error& why) {
  auto& told = why.context();
  return told.match_elements<std::string>() ? told.get_as<std::string>(0) : system.render(why);
}

} // namespace millrace
