#pragma once

/// The receivers of alerts that the settings name, and what their couriers use.

#include "actors/alert_sender/courier.hpp"
#include "actors/alert_sender/http_target.hpp"
#include "actors/redis/server_clock.hpp"
#include "nodes/node/start.hpp"

#include <memory>
#include <optional>
#include <vector>

namespace millrace {

struct named_receiver {
  courier_settings how;
  std::optional<http_target> to; ///< nullopt: the Kafka topic of the settings
};

/// Returns the receivers. The topic is one only if the plans have alerts.
std::vector<named_receiver> alert_receivers_of(const settings& how, const plan_set& plans);

/// Returns the backend of a receiver's courier, with connections of its own. Used by one thread.
courier_backend backend_of(const named_receiver& which, const settings& how, const started& from,
                           std::shared_ptr<redis::server_clock> clock);

} // namespace millrace
