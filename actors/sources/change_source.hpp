#pragma once

/// What a router reads from: the logs of a project's changes. A log is a source, it has an order of its own,
/// and a place in it is a position. Kafka's change topics have a source per partition; a replication slot
/// is one source.
///
///     assign(after)          the cells have everything up to `after`
///     poll -> taken, taken   changes by cell, each up to a position
///     settle(durable)        the log may forget what is up to there
///
/// Above a source nobody computes with positions: they are compared, sent and stored.

#include "actors/sources/feeds.hpp"
#include "actors/sources/table_change.hpp"
#include "messages/delivery.hpp"
#include "messages/error.hpp"
#include "messages/reports.hpp"

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace millrace {

/// A position for each of some sources.
using position_map = std::map<source_id, stream_position>;

/// A record that can't be decoded, and why.
struct bad_record {
  stream_position at;
  table_id table;
  std::optional<std::string> key, payload;
  std::string why;
};

/// What a source read: all up to `last` that wasn't given before.
struct taken {
  source_id source;
  changes_by_cell changes;
  stream_position last; ///< the source is complete up to here
  stamp seen;           ///< the newest record; `nowhere` if there is none
  std::vector<bad_record> bad;
  std::int64_t left_out = 0;         ///< records that can't be decoded and are older than the ledger
  std::int64_t records = 0;          ///< read, with those that no cell needs
  std::int64_t newest_commit_ms = 0; ///< Unix time; 0 = no record has a commit time
  std::int64_t read_ms = 0;          ///< when it was read, before it was decoded
};

/// The ledger's positions in one source, over all its cells.
struct ledger_extent {
  stream_position lowest = nowhere;  ///< of the slowest cell
  stream_position highest = nowhere; ///< of the fastest cell
  stamp newest;                      ///< newest record hash of any cell
};

/// The logs' state, compared with the ledger.
struct log_state {
  std::optional<std::string> broken;         ///< why the ledger isn't of these logs
  std::map<table_id, std::string> to_reread; ///< tables of which records are missing, or out of order
};

/// Used by one thread. Making one costs no request; the first call that needs a server connects.
class change_source {
 public:
  /// Takes what was read. Returns whether to go on.
  using taker = std::function<bool(taken&&)>;

  virtual ~change_source() = default;

  /// Returns the cells that a source's changes can concern.
  virtual std::vector<cell_id> cells(source_id source) const = 0;

  /// Stops reading `gone`, and reads `more` from now on, each after its position. What the log no longer has
  /// is skipped: compare() has told of it. The others continue.
  virtual result<void> assign(const position_map& more, const std::vector<source_id>& gone) = 0;

  /// Reads on. Waits a moment for the first record, then gives what there is, in pieces of a bounded size.
  /// A transaction may come in several pieces. Call it while sources are paused too. An error ends the node:
  /// the log can't be read on from where it is.
  virtual result<void> poll(const taker& take) = 0;

  /// Reads a source again, all that comes after `after`. A log that can't go back begins again at the last
  /// position that was settled, at or before `after`: the router skips what its cells have.
  virtual result<void> seek(source_id source, stream_position after) = 0;

  /// Stops fetching a source; resume() continues. What was fetched before may still come.
  virtual void pause(source_id source) = 0;
  virtual void resume(source_id source) = 0;

  /// Every cell is durable up to these positions. They are all that moved, and never go back. Doesn't wait.
  virtual void settle(const position_map& durable) = 0;

  /// Returns the position of the last record that each of the project's sources has now; `nowhere` if it has
  /// none. Error: unavailable.
  virtual result<position_map> ends() = 0;

  /// Returns whether these are the logs from which the ledger was filled. They aren't if a cell is ahead of
  /// a log, or if the newest record isn't the one in the ledger. Error: unavailable. Call it before assign().
  virtual result<log_state> compare(const std::map<source_id, ledger_extent>& ledger) = 0;

  /// Returns the name of a source, and of a place in it, for people.
  virtual std::string name_of(source_id source) const = 0;
  virtual std::string name_of(source_id source, stream_position at) const = 0;

  /// Returns how much is between two positions, for people: "120 offsets".
  virtual std::string distance(stream_position from, stream_position to) const = 0;

  /// Returns how far a source is, in the numbers that people know of it. Costs no request.
  virtual partition_report report(source_id source, stream_position read, stream_position durable) const = 0;
};

} // namespace millrace
