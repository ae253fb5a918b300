#pragma once

/// Makes sure that a cell applies every batch of a partition once and in order.

#include "messages/delivery.hpp"

#include <map>
#include <optional>

namespace millrace {

class sequencer {
 public:
  enum class verdict : std::uint8_t {
    apply, ///< apply the changes after the position, then call `advance`
    old,   ///< the cell has all of it
    gap,   ///< a batch before it is missing: answer with the position
  };

  /// Returns what to do with a batch. Changes nothing.
  verdict offer(const change_batch& batch) const;

  /// Moves the partition's position to the end of the batch.
  void advance(const change_batch& batch);

  /// Returns the position in a partition; {-1} if the cell has applied nothing.
  position at(source_id source) const;

  /// Returns the positions that moved since the last call.
  std::vector<position> take_moved();
  bool moved() const { return !moved_.empty(); }

  /// These positions are in the ledger and are about to be acknowledged.
  void made_durable(const std::vector<position>& x);

  /// Returns the durable position if the sender of this progress batch doesn't know it: the
  /// acknowledgement was lost. Waits for 4 progress batches (2 s) first, because the
  /// acknowledgement can still be on its way. Otherwise busy nodes would acknowledge everything
  /// twice.
  std::optional<position> owed(const change_batch& mark);

  /// Starts over from the positions in the ledger.
  void restore(const std::vector<position>& from);

  std::vector<position> all() const;

 private:
  struct durable {
    position at;
    int marks_left = 0; ///< progress batches to wait for before the position is acknowledged again
  };

  std::map<source_id, position> positions_;
  std::map<source_id, durable> durable_;
  std::map<source_id, bool> moved_;
};

} // namespace millrace
