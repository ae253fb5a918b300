#pragma once

/// A state block: the rows of a cell that one flush changed, packed as msgpack.
///
///     [format, fingerprint, live, [[route, key, at, kept | nil, [mark...]]...], [[route, bar]...],
///      [[route, from]...], [[route, removed key, at]...]]
///
/// A cell's log is a list of them; applied in order they give its rows. A row
/// is written whole, so a block that is applied twice changes nothing. The last two
/// fields, of reads under way, are left out where there are none. `live` is
/// true, false, or a list of the figures that are. A block of former figures is
/// read as what its rows are in the present ones.

#include "actors/cell/former_plans.hpp"
#include "actors/cell/row_table.hpp"
#include "messages/error.hpp"

namespace millrace {

/// This build's format of blocks; another one is refused.
constexpr std::uint32_t state_block_format = 1;

/// Which figures of a cell are live.
struct live_figures {
  bool all = false;
  std::vector<figure_id> some; ///< where not all are
  bool operator==(const live_figures&) const = default;
};

/// Returns a block of these rows (those that have gone come first), and of all bars.
std::string pack_block(std::uint64_t fingerprint, const live_figures& live, const block_rows& rows,
                       const std::map<route_id, lsn>& bars);

/// What a block said of the cell when it was written.
struct applied_block {
  live_figures live;                        ///< numbered as in its own plans
  const plan_translation* former = nullptr; ///< it was of these former figures; lives as long as they
};

/// Returns the fingerprint that a block carries; nothing if it isn't one.
std::optional<std::uint64_t> fingerprint_of(std::string_view block);

/// Applies a block. An error (corrupt) says which format or fingerprint was found
/// instead.
result<applied_block> apply_block(std::uint64_t fingerprint, std::string_view block, row_table& rows,
                                  const former_plans& former);
inline result<applied_block> apply_block(std::uint64_t fingerprint, std::string_view block, row_table& rows) {
  static const former_plans none;
  return apply_block(fingerprint, block, rows, none);
}

} // namespace millrace
