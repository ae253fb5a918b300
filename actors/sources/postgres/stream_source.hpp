#pragma once

/// PostgreSQL's own stream, as what a router reads from. The slot is the one source, and a position is
/// (LSN of the commit, place in the transaction): actors/sources/postgres/wal_position.hpp.
///
/// A lost connection is opened again within poll(), from what is settled. What comes again and was given
/// before is left out. What the slot has as confirmed is never ahead of what was settled, and so of the
/// ledger: compare() relies on it.

#include "actors/sources/change_source.hpp"
#include "actors/sources/postgres/stream_intake.hpp"
#include "actors/sources/postgres/stream_link.hpp"

namespace millrace::postgres {

struct stream_source_settings {
  settings server;
  std::string slot, publication;
  const plan_set* plans = nullptr; ///< must outlive the source
  std::uint16_t shards = 32;
  std::size_t piece_bytes = 1 << 20; ///< of what the server sends; a single row can be larger
  std::chrono::milliseconds wait{5};
  std::chrono::milliseconds status_interval{1'000};
  std::chrono::milliseconds quiet_interval{500}; ///< between two pieces without an event
  std::function<std::int64_t()> now_ms;          ///< wall clock, Unix time, ms

  /// Called within poll() for each message of pg_logical_emit_message() with this prefix, in the order of the
  /// stream: everything before it was given, and nothing after it. Each is told once, also if the connection
  /// is lost in between; after seek() again.
  std::string message_prefix;
  std::function<void(const log_message&)> on_message; ///< empty: messages are left out
};

class stream_source : public change_source {
 public:
  explicit stream_source(stream_source_settings how);

  std::vector<cell_id> cells(source_id source) const override;
  result<void> assign(const position_map& more, const std::vector<source_id>& gone) override;
  /// An error names what mends it. The link's problems are listed in stream_link.hpp.
  result<void> poll(const taker& take) override;
  /// An error if the slot no longer has what comes after `after`.
  result<void> seek(source_id source, stream_position after) override;
  void pause(source_id source) override;
  void resume(source_id source) override;
  void settle(const position_map& durable) override;
  /// Returns the end of the WAL on disk: a walsender sends no more. Writes a message into the WAL, so that
  /// every transaction that has committed is before it.
  result<position_map> ends() override;
  result<log_state> compare(const std::map<source_id, ledger_extent>& ledger) override;
  std::string name_of(source_id source) const override;
  std::string name_of(source_id source, stream_position at) const override;
  std::string distance(stream_position from, stream_position to) const override;
  /// Its numbers are LSNs.
  partition_report report(source_id source, stream_position read, stream_position durable) const override;

 private:
  bool pass(const stream_batch& batch, const taker& take);
  bool give(const wal_position& reached, const taker& take);
  bool tell(const log_message& x, const taker& take);
  bool is_quiet(const stream_batch& batch);
  result<session*> database();

  stream_source_settings how_;
  stream_link link_;
  stream_intake intake_;
  std::optional<session> db_; ///< for ends() and compare()
  bool assigned_ = false, paused_ = false;
  std::chrono::steady_clock::time_point gave_; ///< when the last piece was given
  lsn end_;                                    ///< of the log, as far as it is known
};

} // namespace millrace::postgres
