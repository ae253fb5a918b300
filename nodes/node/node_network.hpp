#pragma once

/// CAF's connections between nodes, over doors and ways of our own.
///
///     porter -let in-> doorman -> scribe of CAF's broker
///     reach -dial-----------------> scribe of CAF's broker
///
/// CAF's own OpenSSL module turns a core for as long as a stranger connects and
/// says nothing, and its plain connections die of a frame's header (0.17.6).

#include "actors/peers/tls_context.hpp"
#include "messages/error.hpp"

#include <caf/all.hpp>
#include <caf/io/middleman_actor.hpp>

#include <string>

namespace millrace {

/// What this node says to others, and hears of them, goes by it. `tls`: null for plain TCP.
/// The system's configuration has loaded caf::io::middleman.
caf::io::middleman_actor spawn_network(caf::actor_system& system,
                                       std::shared_ptr<const peers::tls_context> tls);

/// Lets other nodes reach `whom` at an address. An error (bad_setting) says why they can't.
result<void> open_door(const caf::io::middleman_actor& network, const caf::strong_actor_ptr& whom,
                       std::set<std::string> messages, const std::string& host, std::uint16_t port);

} // namespace millrace
