#pragma once

/// Keeps a cell's batches whole, once and in order, per source.

#include "messages/delivery.hpp"

#include <map>
#include <optional>

namespace millrace {

class sequencer {
 public:
  enum class verdict : std::uint8_t {
    apply, ///< take the changes past the position, then `advance`
    old,   ///< all of it is known
    gap,   ///< something before it is missing: answer with the position
  };

  /// Says what to do with a batch. Changes nothing.
  verdict offer(const change_batch& batch) const;

  /// Moves the source's position to the batch's end.
  void advance(const change_batch& batch);

  /// Returns the position for a source: {-1} where nothing was ever applied.
  position at(source_id source) const;

  /// Returns the positions that moved since the last call.
  std::vector<position> take_moved();
  bool moved() const { return !moved_.empty(); }

  /// These have reached the ledger, and are about to be acknowledged.
  void made_durable(const std::vector<position>& x);

  /// Returns how far the source is durable, if the sender of this progress mark
  /// still doesn't know: the acknowledgement was lost. One that may be on its way is
  /// given a few marks, or else busy nodes would tell each other twice all the time.
  std::optional<position> owed(const change_batch& mark);

  /// Starts over from what the ledger has.
  void restore(const std::vector<position>& from);

  std::vector<position> all() const;

 private:
  struct durable {
    position at;
    int marks_left = 0; ///< that don't mean yet that an acknowledgement was lost
  };

  std::map<source_id, position> positions_;
  std::map<source_id, durable> durable_;
  std::map<source_id, bool> moved_;
};

} // namespace millrace
