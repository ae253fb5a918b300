#pragma once

/// A place in the stream of one database's transactions.

#include "messages/units.hpp"

namespace millrace::postgres {

/// Orders everything that a slot yields: transactions by their commit, and changes within a transaction.
///
/// `place` is the LSN of the WAL record that made the change. A record with several rows (COPY) counts on
/// from its LSN, one per row; it is longer than it has rows, so the next record's LSN is greater. So the
/// position of a change is the same whenever the server sends it, whatever else the publication contains.
///
///     (commit, place < commit)   a change of the transaction
///     (commit, end > commit)     the whole transaction; `end` is the LSN after its commit record
///     (at, 0)                    everything that was committed before `at`
struct wal_position {
  lsn commit; ///< LSN of the commit record
  lsn place;
  constexpr auto operator<=>(const wal_position&) const = default;
};

/// Returns what a server can forget once everything up to `x` is durable: transactions that were committed
/// before it aren't sent again.
constexpr lsn confirmable(const wal_position& x) { return x.place > x.commit ? x.place : x.commit; }

} // namespace millrace::postgres
