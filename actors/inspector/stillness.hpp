#pragma once

/// Decides whether the stream of changes stands still: PostgreSQL has changes, or may have, and
/// none comes through the WAL. Pure.

#include "messages/reports.hpp"

#include <chrono>
#include <string>

namespace millrace {

struct stillness {
  std::string cause;            ///< why no changes come, as text; empty: no known cause
  std::chrono::seconds still{}; ///< time since the last change came
  bool stale = false;           ///< the figures are out of date
};

/// A connected slot may be confirmed only once a minute: that is how often Kafka Connect saves
/// offsets by default.
constexpr std::chrono::seconds longest_without_confirmation{90};

/// Returns the state of the stream. `idle`: time since the last record. The figures are stale once
/// the stream has stood still for `bound`; without a known cause, for 90 s at least.
stillness stillness_of(const surroundings_report& around, std::chrono::seconds idle,
                       std::chrono::seconds bound);

/// Returns why the connector doesn't run, and what to do; empty if it runs.
std::string connector_trouble(const connector_report& x);

} // namespace millrace
