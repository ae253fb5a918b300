#pragma once

/// What a cell has of one row, for a person who asks: its stored columns, and the places that it counts for.

#include "actors/cell/cell.hpp"
#include "messages/reports.hpp"

#include <string_view>
#include <vector>

namespace millrace {

/// Returns the cell's copies of a row, one per route of its table to this entity. `key`: packed primary key.
/// `now`: places with a ttl that may have ended by then are left out.
std::vector<row_copy_report> copies_of(const cell& of, table_id table, std::string_view key,
                                       tick_seconds now);

} // namespace millrace
