#pragma once

/// The groups of one figure in one cell. A fold opens a group, changes its tally and closes it.
/// drain() returns the resulting writes.

#include "actors/figures/fold/key_values.hpp"
#include "actors/figures/fold/tally.hpp"
#include "messages/flush.hpp"

#include <memory>

namespace millrace {

class groups {
 public:
  virtual ~groups() = default;

  /// Returns the tally of the group with these keys, or null if the group has no place. `quiet` means
  /// that Redis already has the change.
  virtual tally* open(const row& keys, bool quiet) = 0;
  /// Ends the change. Call it after each open() that returned a tally, before the next open().
  virtual void close() = 0;

  virtual void drain(cell_output& out, tick_seconds now) = 0;
  /// From now on, the single row of a figure without keys exists.
  virtual void begin() {}
  virtual void retire(std::vector<store_write>& out) const = 0;
  /// Appends about `count` places, to compare them with Redis. `from` is 0 or what the last call
  /// returned. Returns 0 at the end of the round.
  virtual std::size_t check(std::size_t from, std::size_t count, tick_seconds now,
                            std::vector<place_check>& out) const = 0;
  virtual std::int64_t last_written(std::string_view key) const = 0;
  virtual std::size_t memory() const = 0;

  const tally_layout& layout() const { return layout_; }
  const key_values& keys() const { return keys_; }

 protected:
  groups(figure_id id, const figure_plan& plan)
      : id_(id), plan_(plan), layout_(plan.aggregates, false), keys_(plan) {}

  figure_id id_;
  const figure_plan& plan_;
  tally_layout layout_;
  key_values keys_;
};

/// Returns groups that exist in this cell only. Their tallies are complete, and each group is
/// written as a place.
std::unique_ptr<groups> make_keyed_groups(figure_id id, const figure_plan& plan);

/// Returns groups that have partials in many cells. Their tallies hold the change since the last
/// drain; only the values of min and max are kept.
std::unique_ptr<groups> make_rolled_groups(figure_id id, const figure_plan& plan, cell_id cell);

} // namespace millrace
