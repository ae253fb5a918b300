#pragma once

/// What a node's fill coordinator asks about connector and dead letters.

#include "messages/reports.hpp"
#include "nodes/settings/config.hpp"

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>

namespace millrace {

/// Returns a function that looks at the connector, restarts what FAILED (with
/// backoff) or hangs beside a slot that it doesn't read (`slot_active`; nullopt:
/// not known), and tells what it saw; empty where there is no Connect to ask.
std::function<connector_report(std::optional<bool> slot_active)> watch_connector(const settings& how);

/// Returns a function that restarts the connector and its task; empty where there is no
/// Connect to ask.
std::function<void()> connector_restarter(const settings& how);

/// Returns a function that counts the dead letters nobody has resolved, by table.
std::function<result<std::map<std::string, std::int64_t>>()> count_open_letters(const settings& how);

} // namespace millrace
