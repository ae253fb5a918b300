#pragma once

/// Deletes the figures of a ledger, with their places in Redis.

#include "nodes/settings/project_parts.hpp"

namespace millrace {

/// Deletes the places of the ledger's figures, then the ledger's content.
result<void> retire_stored(const settings& how, const redis::project_format& format);

/// Deletes the project's figures and its ledger, whatever their state. The next start fills them again.
result<void> take_away(const settings& how);

} // namespace millrace
