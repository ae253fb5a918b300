#pragma once

/// When places were last written: a place with a ttl may be absent only if that
/// was longer ago.

#include "actors/cell/cell.hpp"

namespace millrace {

/// Returns the tick of the last write to each of a figure's places; 0 where this
/// cell doesn't know. Walks the rows once for a projection.
std::vector<std::int64_t> last_written(const cell& of, figure_id figure,
                                       const std::vector<std::string>& keys);

} // namespace millrace
