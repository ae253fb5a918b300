#pragma once

/// CAF's errors as a person reads them.

#include <caf/all.hpp>

#include <string>

namespace millrace {

/// Returns the sentence that an error brings, else its code.
inline std::string in_words(const caf::actor_system& system, const caf::error& why) {
  auto& told = why.context();
  return told.match_elements<std::string>() ? told.get_as<std::string>(0) : system.render(why);
}

} // namespace millrace
