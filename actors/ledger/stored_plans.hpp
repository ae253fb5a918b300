#pragma once

/// The plans of a ledger's state: the present ones, and former ones whose blocks can still be in
/// state logs.

#include "actors/cell/cell.hpp"
#include "actors/redis/store.hpp"

#include <set>

namespace millrace {

/// The ledger's plans before a change of figures.
struct former_set {
  std::uint64_t epoch = 0;
  plan_set plans;
};

struct stored_plans {
  plan_set plans;
  std::uint64_t epoch = 0;
  std::vector<former_set> former; ///< oldest first

  /// Parses the ledger's plans. Throws std::runtime_error if this build can't read them.
  static stored_plans read(const redis::project_format& from);

  std::uint64_t fingerprint() const { return block_fingerprint(plans, epoch); }
  /// Returns the translations of the former plans' rows, by fingerprint of their blocks.
  former_plans translations() const;
  /// Returns `former` as JSON for the ledger.
  std::string former_json() const;
  /// Removes former plans without any block. Returns whether there were any.
  bool forget_all_but(const std::set<std::uint64_t>& fingerprints);
};

/// Returns the settings for cells of these plans. `x` must outlive the cells.
cell_settings cells_of(const stored_plans& x, const std::string& project);

} // namespace millrace
