#pragma once

/// Which sources bring which tables' changes.

#include "messages/units.hpp"

namespace millrace {

/// Says whether changes of a table come from a source. Pure: who reads a ledger needs no server for it.
using feeds_table = bool (*)(source_id, table_id);

} // namespace millrace
