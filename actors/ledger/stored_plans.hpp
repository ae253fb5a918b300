#pragma once

/// The plans that a ledger's state is of: the present ones, and former ones
/// whose blocks may still be in the logs.

#include "actors/cell/cell.hpp"
#include "actors/redis/store.hpp"

#include <set>

namespace millrace {

/// A plan set that was the ledger's until the figures changed.
struct former_set {
  std::uint64_t epoch = 0;
  plan_set plans;
};

struct stored_plans {
  plan_set plans;
  std::uint64_t epoch = 0;
  std::vector<former_set> former; ///< oldest first

  /// Returns what the ledger says. Throws std::runtime_error on plans that this
  /// build can't read.
  static stored_plans read(const redis::project_format& from);

  std::uint64_t fingerprint() const { return block_fingerprint(plans, epoch); }
  /// Returns what becomes of the former sets' rows, by their blocks' fingerprint.
  former_plans translations() const;
  /// Returns `former` as the ledger keeps it.
  std::string former_json() const;
  /// Forgets former sets of which no block is left; returns whether there were any.
  bool forget_all_but(const std::set<std::uint64_t>& fingerprints);
};

/// Returns how cells of these plans are made. `x` must outlive the cells.
cell_settings cells_of(const stored_plans& x, const std::string& project);

} // namespace millrace
