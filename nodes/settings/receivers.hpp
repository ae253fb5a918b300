#pragma once

/// Where events of alerts are sent, besides Redis.

#include "nodes/settings/config.hpp"

namespace millrace {

/// Checks URLs, secret and topic, and sets the demonstration's topic. Error (bad_setting): names the setting,
/// and never contains a URL, which can have a password.
result<void> complete_receivers(settings& x);

} // namespace millrace
