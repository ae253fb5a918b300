#pragma once

/// Cuts each source's records into a chain of batches for each cell, keeps what
/// isn't durable, and sends again what a cell lacks.
///
///     source orders/3:   8 9 10 11 12 13 14          (offsets read)
///     cell 5/order:      (7, 10] {8, 10}   (10, 14] {13}
///     cell 6/order:      (7, 14] {}                   a progress mark
///
/// Plain C++: a backend transmits and seeks; a test gives a fake one.

#include "messages/delivery.hpp"

#include <deque>
#include <functional>
#include <map>
#include <set>

namespace millrace {

/// Returns the bytes that a batch's changes take.
std::size_t size_of(const change_batch& x);

/// What the window needs done.
struct delivery_backend {
  /// Sends a batch to its cell; it may be lost on the way.
  std::function<void(const change_batch&)> transmit;
  /// Has the source read again from `from` on.
  std::function<void(source_id, kafka_offset from)> seek;
};

class delivery_window {
 public:
  /// `credit_bytes`: so much may wait at one cell to become durable.
  delivery_window(delivery_backend backend, std::size_t credit_bytes);

  /// Opens the chain of a source to a cell that has all up to `at`.
  void open(source_id source, cell_id cell, kafka_offset at);

  /// Forgets a source: another router reads it.
  void close(source_id source);

  /// Returns the offset to read a source from: behind its laggard.
  kafka_offset start(source_id source) const;

  /// Delivers what was read of a source, complete up to `last`.
  void deliver(source_id source, std::map<cell_id, packed_changes> changes, kafka_offset last, stamp seen);

  /// Tells every cell how far each source is. To be called twice a second, for ever.
  void progress();

  /// The same for some cells, which are served anew.
  void progress_of(const std::set<cell_id>& cells);

  /// A cell has flushed up to there.
  void on_durable(const cell_positions& x);
  /// A cell lacks what comes after there.
  void on_gap(const cell_positions& x);

  /// Returns whether a cell that this source feeds is out of credit.
  bool blocked(source_id source) const;

  /// Returns the lowest durable position of a source over its cells.
  kafka_offset durable(source_id source) const;
  /// Returns how far the source was read.
  kafka_offset read(source_id source) const;
  /// Returns the bytes of all batches that are kept.
  std::size_t waiting_bytes() const { return waiting_bytes_; }
  std::uint64_t resent() const { return resent_; }
  std::uint64_t seeks() const { return seeks_; }

 private:
  struct kept_batch {
    change_batch batch;
    std::size_t bytes = 0;
  };
  struct chain {
    kafka_offset sent = nowhere, durable = nowhere;
    std::deque<kept_batch> kept;
    bool gap_answered = false; ///< since the last progress mark
  };
  struct source_state {
    std::map<cell_id, chain> chains;
    kafka_offset read = nowhere;
    stamp seen;
  };
  void tell_progress(source_id source, source_state& state, cell_id cell, chain& to);
  void send(source_id source, source_state& state, cell_id cell, chain& to, change_list changes);
  static kafka_offset acknowledged(const chain& of);
  void keep(chain& to, change_batch batch);
  void forget_up_to(cell_id cell, chain& of, kafka_offset last);
  void resend(source_id source, source_state& state, cell_id cell, chain& to, kafka_offset have);

  delivery_backend backend_;
  std::size_t credit_bytes_;
  std::map<source_id, source_state> sources_;
  std::map<cell_id, std::size_t> waiting_;
  std::size_t waiting_bytes_ = 0;
  std::uint64_t resent_ = 0, seeks_ = 0;
};

} // namespace millrace
