#pragma once

/// A node's report as JSON. docs/status.md describes the fields.

#include "messages/reports.hpp"

#include <nlohmann/json_fwd.hpp>

namespace millrace {

/// Returns the body of GET /status.
nlohmann::json to_json(const node_report& x);

nlohmann::json to_json(const trouble_report& x, std::int64_t now);

} // namespace millrace
