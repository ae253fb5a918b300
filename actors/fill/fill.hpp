#pragma once

/// A fill: the initial load of figures. It also reads tables again under figures that stay shown,
/// and then skips `publish`.
///
///     stream    a marker in the WAL has come through Debezium, which captures every table of
///               the plans: Kafka gets all changes from now on
///     announce  every cell knows that a read begins after `from`, an LSN
///     settle    every transaction that was open at `from` has ended
///     read      each table in one snapshot; its rows are in Kafka
///     drain     everything that Kafka had then is durable in every cell, and Kafka deleted
///               none of it early
///     sweep     cells remove rows that neither read nor stream has shown since `from`
///     publish   every figure's places appear (go live)
///
/// A table that can't be read holds only the figures over it. Once every other table is read, the fill
/// ends without it: the other figures go live, and the fill's progress names what is left for the next
/// fill. A read under shown figures ends without it too.
///
/// So a change below `from` is in the read, and a change at or above it comes through the stream
/// (actors/cell/table_reads.hpp). A fill that is interrupted at any step begins again with another
/// `from`. If the topics have every row (birth 0), the tables aren't read.
///
/// Plain C++. A backend does everything that needs a server.

#include "actors/ledger/fill_note.hpp"
#include "actors/sources/capture.hpp"

#include <functional>
#include <map>
#include <optional>
#include <string>

namespace millrace {

struct fill_backend {
  std::vector<std::string> tables;                           ///< every captured table, SCHEMA.TABLE
  std::map<std::string, std::vector<std::string>> tables_of; ///< the tables that each figure reads
  std::function<result<lsn>()> emit_marker;
  std::function<result<postgres::slot_state>()> slot;
  std::function<result<bool>(lsn marker)>
      captured;                           ///< is every table captured, and all up to the marker in the logs?
  std::function<result<lsn>()> beginning; ///< where the newest slot begins; 0 = unknown
  /// Announces the read to every cell; answered by on_announced().
  std::function<void(lsn from, const std::vector<std::string>& tables)> announce;
  /// Returns the number of the next transaction.
  std::function<result<std::uint64_t>()> next_transaction;
  /// Returns the open transactions that began before the number, as text; empty: none.
  std::function<result<std::string>(std::uint64_t number)> open_before;
  /// Begins to read these tables (empty: all) in the background.
  std::function<result<void>(lsn from, const std::vector<std::string>& tables)> read;
  std::function<read_progress()> progress;
  std::function<result<position_map>()> ends; ///< the last position of every source
  std::function<result<position_map>()>
      begins; ///< the last position of every source that its log no longer has
  std::function<result<bool>(const position_map&)> durable;                    ///< in every cell?
  std::function<void(lsn from, const std::vector<std::string>& tables)> sweep; ///< answered by on_swept()
  /// Makes the filling figures live, but not these; answered by on_published().
  std::function<void(const std::vector<std::string>& held)> publish;
  std::function<result<void>(const fill_note&, bool live)> save;
  /// The rows of these tables (empty: all) equal PostgreSQL's: ends doubts from before `from`.
  std::function<result<void>(lsn from, const std::vector<std::string>& tables)> proven;
  /// Notes a doubt for these tables (empty: all).
  std::function<result<void>(const std::string& why, const std::vector<std::string>& tables)> doubt;
  /// Returns the tables in doubt for which reading again is enough, with the reason.
  std::function<result<std::map<std::string, std::string>>()> to_read_again;
  std::function<result<std::optional<saved_note>>()> saved; ///< nullopt: the ledger has none
};

class fill {
 public:
  enum class stage : std::uint8_t {
    stream,
    announce,
    announcing,
    settle,
    read,
    drain,
    sweep,
    sweeping,
    publish,
    publishing,
    save,
    done
  };

  /// `live`: the figures stay shown while tables are read again.
  fill(fill_backend backend, fill_note note, bool live);

  /// Takes steps until it must wait. Error: a server doesn't answer; the stage stays the same.
  result<void> step();
  void on_announced();
  void on_swept();
  void on_published();
  /// A cell didn't answer: asks again.
  void on_lost();
  /// A cell doesn't know of the read: reads again.
  void on_unknown();

  stage at() const { return at_; }
  bool done() const { return at_ == stage::done; }
  bool live() const { return live_; }
  const fill_note& note() const { return note_; }
  /// Returns the stage as text, for status.
  std::string words() const;
  /// Returns the tables that can't be read, with the reason.
  const std::map<std::string, std::string>& unreadable() const { return progress_.unreadable; }
  /// Returns the same as text; empty if there are none.
  std::string trouble() const;
  /// Returns whether the fill only retries tables that can't be read.
  bool stuck() const { return at_ == stage::read && progress_.only_unreadable; }

 private:
  result<bool> one();
  result<bool> passed_by_stream();
  result<bool> announce();
  result<bool> settle();
  result<bool> read();
  bool leaves_out();
  void begin_again();
  result<bool> drain();
  result<bool> lost_records();
  result<bool> save();
  bool all_tables() const;
  bool reads_none() const { return tables_.empty() && !left_out_.empty(); }
  bool reads() const { return live_ || !note_.figures.empty() || note_.birth.value > 0; }

  fill_backend backend_;
  fill_note note_;
  bool live_;
  stage at_ = stage::stream;
  std::optional<lsn> marker_;
  lsn from_; ///< of the read; 0: none
  std::uint64_t next_transaction_ = 0;
  std::string waits_for_; ///< open transactions
  read_progress progress_;
  std::vector<std::string> tables_;   ///< tables to sweep; empty: all, if none is left out
  std::vector<std::string> left_out_; ///< tables that can't be read
  std::vector<std::string> held_;     ///< figures over `left_out_`
  bool was_refused_ = false;          ///< a table of this read couldn't be read at first
  position_map before_;               ///< the ends of the partitions when the read began
  std::optional<position_map> ends_;
};

} // namespace millrace
