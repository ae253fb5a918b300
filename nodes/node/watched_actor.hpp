#pragma once

/// Actors that a process can't live without.

#include <caf/all.hpp>

#include <functional>
#include <string>

namespace millrace {

/// Tells whether an actor ended by a failure of its own: an exception, an error. Not if it was told to, or
/// nobody knew it any more.
inline bool ended_badly(const caf::error& why) {
  using caf::exit_reason;
  return why && why != exit_reason::normal && why != exit_reason::user_shutdown && why != exit_reason::kill
         && why != exit_reason::unreachable;
}

/// Calls `lost`, from the actor's thread, when it ends by a failure. `name`: as a person calls it.
template <class Actor>
void goes_with(const Actor& x, std::string name, std::function<void(std::string)> lost) {
  caf::actor_cast<caf::actor>(x)->attach_functor(
      [name = std::move(name), lost = std::move(lost)](const caf::error& why) {
        if (ended_badly(why))
          lost(name + " failed: " + caf::to_string(why));
      });
}

} // namespace millrace
