#pragma once

/// Takes the figures of a ledger away, with what it has of them in Redis.

#include "nodes/settings/project_parts.hpp"

namespace millrace {

/// Deletes the places of the ledger's figures, and wipes it.
result<void> retire_stored(const settings& how, const redis::project_format& format);

/// Takes the project's figures and its ledger away, whatever they are of. The
/// next start fills anew.
result<void> take_away(const settings& how);

} // namespace millrace
