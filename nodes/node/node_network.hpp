#pragma once

/// CAF's connections between nodes, with Millrace's own listener and client.
///
///     porter -accepted-> doorman -> scribe of CAF's broker
///     reach -dial-----------------> scribe of CAF's broker
///
/// In CAF 0.17.6, the OpenSSL module uses a full core while a client is connected and sends nothing, and
/// a malformed frame header crashes its plain connections.

#include "actors/peers/tls_context.hpp"
#include "messages/error.hpp"

#include <caf/all.hpp>
#include <caf/io/middleman_actor.hpp>

#include <string>

namespace millrace {

/// Spawns the middleman actor for this node's messages to and from other nodes. `tls` is null for plain TCP.
/// The system's configuration must have loaded caf::io::middleman.
caf::io::middleman_actor spawn_network(caf::actor_system& system,
                                       std::shared_ptr<const peers::tls_context> tls);

/// Lets other nodes reach `whom` at an address. An error (bad_setting) says why this isn't possible.
result<void> open_door(const caf::io::middleman_actor& network, const caf::strong_actor_ptr& whom,
                       std::set<std::string> messages, const std::string& host, std::uint16_t port);

} // namespace millrace
