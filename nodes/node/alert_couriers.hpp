#pragma once

/// The receivers of alerts that the settings name, and what their couriers use.

#include "actors/alert_sender/courier.hpp"
#include "actors/alert_sender/http_target.hpp"
#include "actors/redis/server_clock.hpp"
#include "nodes/node/start.hpp"

#include <memory>
#include <vector>

namespace millrace {

struct named_receiver {
  courier_settings how;
  http_target to;
};

/// Returns the receivers, none if no URL is set.
std::vector<named_receiver> alert_receivers_of(const settings& how, const plan_set& plans);

/// Returns the backend of a receiver's courier, with connections of its own. Used by one thread.
courier_backend backend_of(const named_receiver& which, const settings& how, const started& from,
                           std::shared_ptr<redis::server_clock> clock);

} // namespace millrace
