#pragma once

/// What a stream tells the server: how far it needs no WAL any more, and when it says so. Pure.

#include "actors/sources/postgres/wal_position.hpp"

#include <chrono>
#include <optional>

namespace millrace::postgres {

class feedback {
 public:
  using time_point = std::chrono::steady_clock::time_point;

  /// `confirms_quiet`: as stream_settings'.
  feedback(std::chrono::milliseconds interval, time_point now, bool confirms_quiet = true)
      : interval_(interval), last_(now), confirms_quiet_(confirms_quiet) {}

  /// Everything up to `x` was read, and nothing after it is under way if it ends a transaction.
  void read_to(const wal_position& x) { read_ = x; }
  /// Everything up to `x` is durable. A lower position than before changes nothing.
  void durable_to(const wal_position& x);
  /// The server sent all that was committed before `x`.
  void quiet_at(lsn x) { quiet_ = x; }
  /// The server wants an answer at once.
  void want() { wanted_ = true; }
  bool wanted() const { return wanted_; }

  /// Returns what the server can forget. While something is under way, that is what durable_to() said. Else
  /// it is as far as the server has come, if `confirms_quiet`: a database whose tables are quiet keeps no
  /// WAL. Never goes back.
  lsn confirmed();
  /// Returns the position up to which everything was read: further than read_to() if the server is.
  wal_position reached() const;

  /// Returns whether to send a status update now.
  bool due(time_point now) const { return wanted_ || now - last_ >= interval_; }
  /// Returns when the next status update is due.
  time_point next() const { return wanted_ ? last_ : last_ + interval_; }
  void sent(time_point now);

 private:
  std::chrono::milliseconds interval_;
  time_point last_;
  bool wanted_ = false, confirms_quiet_;
  wal_position read_, durable_;
  lsn quiet_, confirmed_;
};

} // namespace millrace::postgres
