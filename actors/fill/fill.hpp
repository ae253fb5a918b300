#pragma once

/// Brings figures from nothing to complete, or reads tables again under figures that
/// stay shown:
///
///     stream    a marker in PostgreSQL's log has come through Debezium, which captures
///               every table of the plans: all changes from now on come to Kafka
///     announce  every cell knows that a read begins after `from`, an LSN
///     settle    every transaction that was open at `from` has ended
///     read      each table in one snapshot; its rows are in Kafka
///     drain     all that Kafka had then is durable in every cell, and Kafka deleted none of
///               it before it was taken
///     sweep     rows that nothing has shown since `from` are removed
///     publish   every figure's places appear
///
/// So a change below `from` is in the read, and one at or above it comes by the stream
/// (actors/cell/table_reads.hpp). A fill that is stopped at any line begins again, with
/// another `from`. Topics that are said to have every row (birth 0) are not read beside.
///
/// Plain C++: a backend does what takes a server.

#include "actors/ledger/fill_note.hpp"
#include "actors/postgres/session.hpp"
#include "messages/units.hpp"

#include <functional>
#include <map>
#include <optional>
#include <string>

namespace millrace {

/// How far a read of tables is.
struct read_progress {
  bool done = false;
  std::string words;   ///< for a person: which table, how many rows
  std::string trouble; ///< why some table can't be read; it is tried again
};

using offsets_by_source = std::map<source_id, kafka_offset>;

struct fill_backend {
  std::function<result<lsn>()> emit_marker;
  std::function<result<postgres::slot_state>()> slot;
  std::function<result<bool>(lsn marker)>
      captured; ///< has a Debezium told after the marker that it captures every table?
  std::function<result<lsn>()>
      last_anchor; ///< LSN of Debezium's own newest snapshot, of the anchor; 0 = none
  /// Tells every cell of the read; answered by on_announced().
  std::function<void(lsn from, const std::vector<std::string>& tables)> announce;
  /// Returns the number that the next transaction gets.
  std::function<result<std::uint64_t>()> next_transaction;
  /// Returns who is open that began before the number; nobody: empty.
  std::function<result<std::string>(std::uint64_t number)> open_before;
  /// Begins to read the tables, or all; goes on by itself.
  std::function<result<void>(lsn from, const std::vector<std::string>& tables)> read;
  std::function<read_progress()> progress;
  std::function<result<offsets_by_source>()> ends;   ///< of all partitions: the last record's
  std::function<result<offsets_by_source>()> begins; ///< of all partitions: the first one's that is left
  std::function<result<bool>(const offsets_by_source&)> durable;               ///< in every cell?
  std::function<void(lsn from, const std::vector<std::string>& tables)> sweep; ///< answered by on_swept()
  std::function<void()> publish;                                               ///< answered by on_published()
  std::function<result<void>(const fill_note&, bool live)> save;
  /// The tables, or all, are as PostgreSQL has them: doubts from before `from` are over.
  std::function<result<void>(lsn from, const std::vector<std::string>& tables)> proven;
  /// Notes for everybody that no table is sure to be as PostgreSQL has it.
  std::function<result<void>(const std::string& why)> doubt_all;
  /// Tables in doubt that reading them again mends, each with the reason.
  std::function<result<std::map<std::string, std::string>>()> to_read_again;
  std::function<result<std::optional<saved_note>>()> saved; ///< nullopt: the ledger has none now
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

  /// `live`: the figures stay shown; tables are read again below them.
  fill(fill_backend backend, fill_note note, bool live);

  /// Goes on as far as it can without waiting. An error (a server that doesn't
  /// answer) leaves the stage where it is.
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
  /// Returns the stage in words, for status.
  std::string words() const;
  /// Returns why a table can't be read; empty where all goes well.
  const std::string& trouble() const { return progress_.trouble; }

 private:
  result<bool> one();
  result<bool> passed_by_stream();
  result<bool> announce();
  result<bool> settle();
  result<bool> read();
  result<bool> drain();
  result<bool> lost_records();
  result<bool> save();
  bool reads() const { return live_ || !note_.figures.empty() || note_.birth.value > 0; }

  fill_backend backend_;
  fill_note note_;
  bool live_;
  stage at_ = stage::stream;
  std::optional<lsn> marker_;
  lsn from_; ///< of the read; 0: none
  std::uint64_t next_transaction_ = 0;
  std::string waits_for_; ///< transactions that are open
  read_progress progress_;
  offsets_by_source before_; ///< the ends when the read began
  std::optional<offsets_by_source> ends_;
};

} // namespace millrace
