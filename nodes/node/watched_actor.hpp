#pragma once

/// Actors without which the process can't run.

#include <caf/all.hpp>

#include <functional>
#include <string>

namespace millrace {

/// Returns whether an actor failed: an exception or an error. It didn't if it was told to stop, or if no
/// reference to it was left.
inline bool ended_badly(const caf::error& why) {
  using caf::exit_reason;
  return why && why != exit_reason::normal && why != exit_reason::user_shutdown && why != exit_reason::kill
         && why != exit_reason::unreachable;
}

/// Calls `lost`, from the actor's thread, if the actor fails. `name` is its name for a person.
template <class Actor>
void goes_with(const Actor& x, std::string name, std::function<void(std::string)> lost) {
  caf::actor_cast<caf::actor>(x)->attach_functor(
      [name = std::move(name), lost = std::move(lost)](const caf::error& why) {
        if (ended_badly(why))
          lost(name + " failed: " + caf::to_string(why));
      });
}

} // namespace millrace
