#pragma once

/// A state block: the rows of a cell that one flush changed, packed as msgpack.
///
///     [format, fingerprint, live, [[route, key, at, kept | nil, [mark...]]...], [[route, bar]...],
///      [[route, from]...], [[route, removed key, at]...]]
///
/// A cell's state log is a list of blocks. Applied in order, they give its rows. A block contains
/// complete rows, so it can be applied twice. The last two fields describe running reads, and are
/// missing if there are none. `live` is true, false, or a list of the live figures. A block of
/// former figures is translated into rows of the present ones.

#include "actors/cell/former_plans.hpp"
#include "actors/cell/row_table.hpp"
#include "messages/error.hpp"

namespace millrace {

/// The format of this build's blocks. Blocks of other formats are rejected.
constexpr std::uint32_t state_block_format = 1;

/// Which figures of a cell are live.
struct live_figures {
  bool all = false;
  std::vector<figure_id> some; ///< the live ones, unless all are
  bool operator==(const live_figures&) const = default;
};

/// Returns a block of these rows, removed ones first, and of all bars.
std::string pack_block(std::uint64_t fingerprint, const live_figures& live, const block_rows& rows,
                       const std::map<route_id, lsn>& bars);

/// The state of the cell when the block was written.
struct applied_block {
  live_figures live; ///< figure numbers are those of the block's own plans
  const plan_translation* former =
      nullptr; ///< of the block's former figures, or null; owned by `former_plans`
};

/// Returns the fingerprint of a block; nullopt if it isn't a block.
std::optional<std::uint64_t> fingerprint_of(std::string_view block);

/// Applies a block. Error: corrupt, with the format or fingerprint found and the expected one.
result<applied_block> apply_block(std::uint64_t fingerprint, std::string_view block, row_table& rows,
                                  const former_plans& former);
inline result<applied_block> apply_block(std::uint64_t fingerprint, std::string_view block, row_table& rows) {
  static const former_plans none;
  return apply_block(fingerprint, block, rows, none);
}

} // namespace millrace
