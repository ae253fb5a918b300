#pragma once

/// The time of the last write to a place. A place with a ttl that is absent is only correct if its
/// last write is older than the ttl.

#include "actors/cell/cell.hpp"

namespace millrace {

/// Returns the tick of the last write to each of a figure's places; 0 if this cell doesn't know.
/// Iterates over the rows once for a projection.
std::vector<std::int64_t> last_written(const cell& of, figure_id figure,
                                       const std::vector<std::string>& keys);

} // namespace millrace
