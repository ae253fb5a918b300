#pragma once

/// Brings figures from nothing (or from a snapshot taken anew) to whole:
///
///     stream    a marker in PostgreSQL's log has come through Debezium: any
///               snapshot that it began is over, and its rows are in Kafka
///     snapshot  asked for by signal where the topics can't show every row
///               (a ledger that began after the last snapshot); then stream again
///     drain     all that Kafka had then is durable in every cell
///     sweep     rows that nothing has shown since `limit` are removed
///     publish   every figure's places appear
///
/// Where figures have changed on a running system (the note names them), only they
/// fill: what is missing of their tables' rows is asked for and swept, and nothing
/// where the rows in memory have it all.
///
/// Plain C++: a backend does what takes a server. It can be stopped at any line
/// and begun again from its note.

#include "actors/postgres/session.hpp"
#include "messages/units.hpp"

#include <functional>
#include <map>
#include <optional>
#include <string>

namespace millrace {

/// What a fill has to remember through a crash; JSON in the ledger's format.
struct fill_note {
  std::string reason;    ///< why, in words
  lsn birth;             ///< the log's end when the ledger was born
  std::string signal_id; ///< of the snapshot asked for; empty: none
  lsn signalled_at;      ///< where in the log the oldest open transaction began, before it was asked for
  lsn swept;             ///< LSN of the newest snapshot whose missing rows have been swept
  std::vector<std::string> figures; ///< that fill while the others are live; empty: all fill
  std::vector<std::string> tables;  ///< whose rows they lack, by SCHEMA.TABLE
};

/// A note as the ledger has it.
struct saved_note {
  bool live = false; ///< its fill is over
  fill_note note;
};

std::string to_json(const fill_note& note);
/// Text that isn't ours gives an empty note.
fill_note fill_note_from_json(const std::string& text);

/// How an incremental snapshot goes, as its notifications tell.
enum class snapshot_progress : std::uint8_t { unknown, running, completed, failed };

using offsets_by_source = std::map<source_id, kafka_offset>;

struct fill_backend {
  std::function<result<lsn>()> emit_marker;
  std::function<result<postgres::slot_state>()> slot;
  std::function<result<lsn>()> wal;           ///< the log's end
  std::function<result<lsn>()> last_snapshot; ///< LSN of Debezium's own newest snapshot; 0 = none
  /// Of these tables, or of all; the same id again: nothing happens.
  std::function<result<void>(const std::string& id, const std::vector<std::string>& tables)> ask_for_snapshot;
  std::function<snapshot_progress(const std::string& id, const std::vector<std::string>& tables)> snapshot;
  std::function<result<offsets_by_source>()> ends;                              ///< of all partitions
  std::function<result<bool>(const offsets_by_source&)> durable;                ///< in every cell?
  std::function<void(lsn limit, const std::vector<std::string>& tables)> sweep; ///< answered by on_swept()
  std::function<void()> publish; ///< answered by on_published()
  std::function<result<void>(const fill_note&, bool live)> save;
  std::function<result<std::optional<saved_note>>()> saved; ///< nullopt: the ledger has none now
};

class fill {
 public:
  enum class stage : std::uint8_t {
    stream,
    decide,
    snapshot,
    stream_again,
    drain,
    sweep,
    sweeping,
    publish,
    publishing,
    save,
    done
  };

  /// `live`: the figures stay shown; only rows that have gone are swept.
  fill(fill_backend backend, fill_note note, bool live);

  /// Goes on as far as it can without waiting. An error (a server that doesn't
  /// answer) leaves the stage where it is.
  result<void> step();
  void on_swept();
  void on_published();
  /// A cell didn't answer: asks again.
  void on_lost();

  stage at() const { return at_; }
  bool done() const { return at_ == stage::done; }
  const fill_note& note() const { return note_; }
  /// Returns the stage in words, for status.
  std::string words() const;

 private:
  result<bool> one();
  result<bool> passed_by_stream();
  result<bool> decide();
  result<lsn> oldest_unfinished();
  lsn without_open_transactions(lsn snapshot) const;
  result<bool> snapshot();
  result<bool> drain();
  result<void> ask_for_snapshot();
  bool only_some() const { return !live_ && !note_.figures.empty(); }

  fill_backend backend_;
  fill_note note_;
  bool live_;
  stage at_ = stage::stream;
  std::optional<lsn> marker_;
  std::optional<lsn> slot_began_; ///< where the slot's log began when it was seen first
  std::optional<offsets_by_source> ends_;
  lsn snapshot_at_, limit_;
};

} // namespace millrace
