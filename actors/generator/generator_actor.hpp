#pragma once

/// The generator: writes the shop's rows at a rate that can change while it runs.

#include "actors/generator/shop_generator.hpp"
#include "actors/interfaces.hpp"

#include <optional>

namespace millrace {

/// The GENERATOR interface: writes a realistic shop into PostgreSQL.
using generator_actor = caf::typed_actor<
    // Writes one transaction if it is due. The actor sends it to itself.
    caf::reacts_to<atom::tick>,
    // Sets the rate in rows per second; 0 pauses.
    caf::reacts_to<atom::rate, double>,
    // Pauses or continues. Answers when no transaction is open.
    caf::replies_to<atom::pause, bool>::with<bool>,
    // Returns rate, pause state and counters as JSON text.
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

/// Spawn it detached: calls to PostgreSQL block its thread.
generator_actor::behavior_type generator_of_shop(generator_actor::stateful_pointer<generator_state> self,
                                                 postgres::settings to, generator::options how);

} // namespace millrace
