#pragma once

/// Whether the source of all figures stands still: changes are made in
/// PostgreSQL, or may be, and none comes from its log. Pure.

#include "messages/reports.hpp"

#include <chrono>
#include <string>

namespace millrace {

struct stillness {
  std::string cause;            ///< what keeps changes back, in words; empty: nothing that we know of
  std::chrono::seconds still{}; ///< nothing has come for so long
  bool stale = false;           ///< the figures can't be taken for today's any more
};

/// A slot that is connected to may be confirmed once a minute only: Kafka
/// Connect saves offsets so often unless it is told otherwise.
constexpr std::chrono::seconds longest_without_confirmation{90};

/// Returns how the source stands. `idle` tells for how long no record came; figures are stale
/// once a known cause has lasted for `bound`.
stillness stillness_of(const surroundings_report& around, std::chrono::seconds idle,
                       std::chrono::seconds bound);

/// Returns what keeps the connector from running, and what to do; empty if it runs.
std::string connector_trouble(const connector_report& x);

} // namespace millrace
