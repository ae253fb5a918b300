#pragma once

/// Events of the stream -> changes by cell, in pieces. Plain C++, without a connection.
///
///     add(event), add(event), cut(up to here) -> taken

#include "actors/sources/change_source.hpp"
#include "actors/sources/postgres/stream_events.hpp"
#include "actors/sources/routing.hpp"

namespace millrace::postgres {

class stream_intake {
 public:
  /// `plans` must outlive this.
  stream_intake(const plan_set& plans, std::uint16_t shards);

  /// Everything up to `after` was given: what comes of it again is left out.
  void begin(stream_position after);

  /// Adds a change to the piece. Messages and ends of transactions add nothing.
  void add(const stream_event& x);

  /// Returns whether what is there was not given yet.
  bool is_new(const wal_position& x) const;
  stream_position given() const { return given_; }

  /// Ends the piece. It is complete up to `reached`. Returns nullopt if it says nothing new.
  /// `identity` is the log's (actors/sources/postgres/log_check.hpp).
  std::optional<taken> cut(const wal_position& reached, std::uint64_t identity, std::int64_t read_ms);

  std::vector<cell_id> cells() const;

 private:
  void take(const row_change& x);
  void take(const bad_change& x);
  void take(const log_message&) {}
  void take(const transaction_end&) {}
  lsn age_of(const row_change& x);

  std::map<table_id, routing> routes_;
  taken piece_;
  stream_position given_ = nowhere;
  wal_position seen_;                             ///< the last change of the connection
  std::map<table_id, std::uint64_t> truncations_; ///< of the transaction being read
};

} // namespace millrace::postgres
