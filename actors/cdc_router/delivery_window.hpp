#pragma once

/// The send buffer: cuts each partition's records into a chain of batches per cell, keeps the
/// batches that aren't durable, and sends again what a cell lacks.
///
///     partition orders/3:  8 9 10 11 12 13 14          offsets read
///     cell 5/order:        (7, 10] {8, 10}   (10, 14] {13}
///     cell 6/order:        (7, 14] {}                  progress batch
///
/// Plain C++. A backend sends and seeks; a test passes a fake one.

#include "messages/delivery.hpp"

#include <deque>
#include <functional>
#include <map>
#include <set>

namespace millrace {

/// Returns the bytes of a batch's changes.
std::size_t size_of(const change_batch& x);

/// The actions of the send buffer.
struct delivery_backend {
  /// Sends a batch to its cell. The batch can be lost.
  std::function<void(const change_batch&)> transmit;
  /// Reads the source again, all that comes after this position.
  std::function<void(source_id, stream_position after)> seek;
};

class delivery_window {
 public:
  /// `credit_bytes`: limit of unacknowledged bytes per cell.
  delivery_window(delivery_backend backend, std::size_t credit_bytes);

  /// Opens a partition's chain to a cell whose position is `at`.
  void open(source_id source, cell_id cell, stream_position at);

  /// Forgets a partition, which another router reads from now on.
  void close(source_id source);

  /// Returns the position of the slowest cell: what comes after it is to be read.
  stream_position start(source_id source) const;

  /// Delivers the changes of a partition up to and including `last`.
  void deliver(source_id source, std::map<cell_id, packed_changes> changes, stream_position last, stamp seen);

  /// Sends every cell a progress batch per partition. Call it twice a second.
  void progress();

  /// The same for cells whose location changed.
  void progress_of(const std::set<cell_id>& cells);

  /// The cell is durable up to these positions.
  void on_durable(const cell_positions& x);
  /// The cell lacks what comes after these positions.
  void on_gap(const cell_positions& x);

  /// Returns whether a cell that this partition feeds has no credit left.
  bool blocked(source_id source) const;

  /// Returns the partition's lowest durable position over all cells.
  stream_position durable(source_id source) const;
  /// Returns the position up to which the source was read.
  stream_position read(source_id source) const;
  /// Returns the bytes of all batches in the send buffer.
  std::size_t waiting_bytes() const { return waiting_bytes_; }
  std::uint64_t resent() const { return resent_; }
  std::uint64_t seeks() const { return seeks_; }

 private:
  struct kept_batch {
    change_batch batch;
    std::size_t bytes = 0;
  };
  struct chain {
    stream_position sent = nowhere, durable = nowhere;
    std::deque<kept_batch> kept;
    bool gap_answered = false; ///< since the last progress batch
  };
  struct source_state {
    std::map<cell_id, chain> chains;
    stream_position read = nowhere;
    stamp seen;
  };
  void tell_progress(source_id source, source_state& state, cell_id cell, chain& to);
  void send(source_id source, source_state& state, cell_id cell, chain& to, change_list changes);
  static stream_position acknowledged(const chain& of);
  void keep(chain& to, change_batch batch);
  void forget_up_to(cell_id cell, chain& of, stream_position last);
  void resend(source_id source, source_state& state, cell_id cell, chain& to, stream_position have);

  delivery_backend backend_;
  std::size_t credit_bytes_;
  std::map<source_id, source_state> sources_;
  std::map<cell_id, std::size_t> waiting_;
  std::size_t waiting_bytes_ = 0;
  std::uint64_t resent_ = 0, seeks_ = 0;
};

} // namespace millrace
