#pragma once

/// The beginning of the logs: what brings PostgreSQL's changes into them. A fill asks it whether it captures
/// everything, has it read tables, and watches it.

#include "actors/postgres/session.hpp"
#include "actors/sources/change_source.hpp"

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace millrace {

/// How far a read of tables is.
struct read_progress {
  bool done = false;
  std::string words;                             ///< for people: the table and its number of rows
  std::map<std::string, std::string> unreadable; ///< by table: why it can't be read; the reader retries
  bool only_unreadable = false;                  ///< every other table is read, and these failed repeatedly
};

/// For one thread. Errors: unavailable, and others that a person must mend.
class capture {
 public:
  virtual ~capture() = default;

  /// Writes a marker into PostgreSQL's WAL, and returns its LSN. `what` is for people who read the WAL.
  virtual result<lsn> mark(const std::string& what) = 0;
  /// Returns whether every table is captured, and the logs have all changes up to the marker.
  virtual result<bool> captured(lsn marker) = 0;
  /// Returns whether the slot exists, and up to where its reader has confirmed.
  virtual result<postgres::slot_state> slot() = 0;
  /// Returns where the newest slot begins: changes from before may be missed. 0: unknown.
  virtual result<lsn> beginning() = 0;

  /// Begins to read these tables (SCHEMA.TABLE; empty: all) in the background. Their rows come through the
  /// logs, each with `from` as its LSN.
  virtual void read(lsn from, const std::vector<std::string>& tables) = 0;
  virtual read_progress progress() const = 0;

  /// Return the last position of each source, and the last one that its log no longer has.
  virtual result<position_map> ends() = 0;
  virtual result<position_map> begins() = 0;

  /// Checks slot, connector and logs, and notes what it found. `leads`: this node mends what it can.
  virtual void look(bool leads, surroundings_report& out) = 0;
};

} // namespace millrace
