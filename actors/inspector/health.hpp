#pragma once

/// Decides what a node answers to probes. Pure.

#include "messages/reports.hpp"

#include <chrono>
#include <string>
#include <vector>

namespace millrace {

/// An actor that hasn't answered for this time makes a node unhealthy. Long, because an actor also waits for
/// a server that doesn't answer, and a restart of the node mends no server.
constexpr std::chrono::seconds longest_silence{300};

/// Returns why a node is unhealthy, which a restart might mend: the actors that don't answer. Empty: it is
/// healthy.
std::vector<std::string> unhealthy_because(const node_report& x);

/// Returns why a node isn't ready: it isn't connected, has no shards yet, or lags by more than `bound`. A
/// long lag counts while changes arrive, because an idle node keeps the lag of its last change. A fill
/// doesn't count. Empty: it is ready.
std::vector<std::string> unready_because(const node_report& x, std::chrono::seconds bound);

} // namespace millrace
