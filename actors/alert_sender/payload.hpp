#pragma once

/// What receivers get of events. Pure.

#include "actors/alert_sender/alert_event.hpp"

#include <chrono>
#include <string>
#include <vector>

namespace millrace {

/// After this time without a repetition, Alertmanager takes a firing alert for resolved, so that none
/// outlives its project. It replaces Alertmanager's own resolve_timeout.
constexpr std::chrono::seconds alert_validity{300};

/// Returns the body of POST /api/v2/alerts. The labels are alertname, severity, project and key.
std::string alertmanager_body(const std::vector<alert_event>& events, const std::string& project,
                              std::int64_t now);

/// Returns the body of a webhook's message.
std::string webhook_body(const alert_event& x, const std::string& project);

} // namespace millrace
