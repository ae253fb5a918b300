#pragma once

/// The connector, as a node's fill coordinator checks them.

#include "messages/reports.hpp"
#include "nodes/settings/config.hpp"

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>

namespace millrace {

/// Returns a function that checks the connector and reports its state. It restarts what FAILED (with
/// backoff), and a connector that hangs without reading its slot. `slot_active` is nullopt if unknown. The
/// function is empty if no Connect is configured.
std::function<connector_report(std::optional<bool> slot_active)> watch_connector(const settings& how);

/// Returns a function that restarts the connector and its task. The function is empty if no Connect is
/// configured.
std::function<void()> connector_restarter(const settings& how);

} // namespace millrace
