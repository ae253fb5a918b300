#pragma once

/// The generator: writes the shop at a rate that can be changed on the run.

#include "actors/generator/shop_generator.hpp"
#include "actors/interfaces.hpp"

#include <optional>

namespace millrace {

/// The GENERATOR interface: writes a realistic shop into PostgreSQL.
using generator_actor = caf::typed_actor<
    // To itself: writes one transaction, if it is time for it.
    caf::reacts_to<atom::tick>,
    // From now on so many rows a second; 0 pauses.
    caf::reacts_to<atom::rate, double>,
    // Writes nothing until it is told otherwise, or goes on; answers once no transaction is open.
    caf::replies_to<atom::pause, bool>::with<bool>,
    // Returns rate, pause and counters as JSON text.
    caf::replies_to<atom::status>::with<std::string>>;

struct generator_state {
  static inline constexpr const char* name = "generator";
  explicit generator_state(generator_actor::stateful_pointer<generator_state> self) : self(self) {}

  generator_actor::behavior_type make_behavior(postgres::settings to, generator::options how);
  void step();
  std::string status() const;

  generator_actor::stateful_pointer<generator_state> self;
  postgres::settings to;
  generator::options how;
  std::optional<generator::shop_generator> shop;
  bool paused = false;
  std::string trouble;
};

/// Spawned detached: PostgreSQL is called without letting go of the thread.
generator_actor::behavior_type generator_of_shop(generator_actor::stateful_pointer<generator_state> self,
                                                 postgres::settings to, generator::options how);

} // namespace millrace
