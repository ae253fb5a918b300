#pragma once

/// A request from a verb to a probe of the node on loopback.

#include "messages/error.hpp"

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>

namespace millrace {

/// Returns what the node answers at a path, such as /healthz, whatever the status code. An error if no node
/// answers.
result<nlohmann::json> probe_node(std::uint16_t port, const std::string& path);

} // namespace millrace
