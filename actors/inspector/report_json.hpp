#pragma once

/// A node's report as JSON: the one place where it becomes text. docs/status.md names the fields.

#include "messages/reports.hpp"

#include <nlohmann/json_fwd.hpp>

namespace millrace {

/// Returns what GET /status answers.
nlohmann::json to_json(const node_report& x);

nlohmann::json to_json(const trouble_report& x, std::int64_t now);

} // namespace millrace
