#pragma once

/// A state block: the rows of a cell that one flush changed, packed as msgpack.
///
///     [format, fingerprint, live, [[route, key, at, kept | nil, [mark...]]...], [[route, bar]...]]
///
/// A cell's log is a list of them; applied in order they give its rows. A row
/// is written whole, so a block that is applied twice changes nothing.

#include "actors/shard/row_table.hpp"
#include "messages/error.hpp"

namespace millrace {

/// This build's format of blocks; another one is refused.
constexpr std::uint32_t state_block_format = 1;

/// Returns a block of these rows (those that have gone come first), and of all bars.
std::string pack_block(std::uint64_t fingerprint, bool live, const block_rows& rows,
                       const std::map<route_id, lsn>& bars);

/// Applies a block. Returns whether the cell was live when it was written; an
/// error (corrupt) says which format or fingerprint was found instead.
result<bool> apply_block(std::uint64_t fingerprint, std::string_view block, row_table& rows);

} // namespace millrace
