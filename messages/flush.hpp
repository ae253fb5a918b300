#pragma once

/// One cell's part of a flush. Fencing token, flush number, positions, state and results go to
/// Redis in one atomic write.

#include "messages/delivery.hpp"
#include "messages/store_write.hpp"

#include <map>
#include <string>
#include <utility>
#include <vector>

namespace millrace {

/// A fencing token: 128 random bits in hex, new at every claim.
using owner_token = std::string;

/// What a cell last wrote to a place.
struct place_check {
  figure_id figure;
  std::string key, member;
  std::uint64_t fingerprint = 0; ///< hash of the content; 0: the place is absent
};

/// The ticks for which a cell's figures hold: from `tick`, until before `next`, when the clock changes them.
struct tick_span {
  tick_seconds tick; ///< 0: the cell has no figure with now()
  tick_seconds next; ///< 0: the clock changes nothing any more
};

/// A subject of an alert: its state, as the ledger has it.
struct alert_subject {
  /// pending: in the result, for less than `for`. recovering: no longer in it, for less than `keep`.
  enum class phase : std::uint8_t { pending, firing, recovering };
  phase what = phase::firing;
  tick_seconds since;               ///< of the phase
  tick_seconds start;               ///< when it began to fire; 0 while pending
  std::vector<std::string> columns; ///< of the query: name, text, name, text ...; those of the start
};

/// What an alert's subject does with a flush.
struct alert_change {
  /// notes: the state alone changes. adopts: it fires, without an event.
  enum class step : std::uint8_t { notes, adopts, fires, resolves };
  figure_id figure; ///< meaningless if the alert is gone
  std::string alert, subject;
  step what = step::notes;
  bool kept = true;    ///< false: not in the result any more, or resolved
  alert_subject now;   ///< if kept
  alert_subject event; ///< fires, adopts, resolves: the subject as the event shows it
  tick_seconds at;
};

/// The subjects of a cell's alerts, by alert and subject.
using alert_subjects = std::map<std::pair<std::string, std::string>, alert_subject>;

struct cell_flush {
  cell_id cell;
  owner_token owner;
  std::uint64_t number = 0;        ///< the ledger's number must be number - 1
  std::vector<position> positions; ///< those that moved since the last flush
  std::string block;               ///< state block to append; can be empty
  std::uint64_t generation = 0;    ///< the state log to which `block` goes
  /// Compaction: the new state log has generation + 1 and is written in chunks.
  std::string copy_block;        ///< chunk to append to the new log
  bool copy_block_too = false;   ///< `block` goes to the new log as well
  std::uint64_t copy_length = 0; ///< if > 0: switch to the new log, which must have this many blocks
  cell_output output;
  std::vector<figure_id> opened; ///< figures that go live with this flush
  std::vector<alert_change> alerts;
  std::vector<std::string> alerts_known; ///< alerts that this flush declares
  tick_span span; ///< goes into the ledger with the positions, so that a replay is exact
  /// Tables of which the cell has rows of a read that it doesn't know, with the newest read's LSN
  /// (`from`). The ledger has lost the note of that read. Rows that the stream removed since can be
  /// back.
  std::map<table_id, lsn> unknown_reads;
  /// Places that the writer compares with Redis after this flush.
  std::vector<place_check> checks;
  bool checked_all = false; ///< `checks` is the last part of a round over all places of the cell
};

/// What a cell loads from Redis after a claim or a STALE flush.
struct cell_ledger {
  cell_id cell;
  owner_token owner; ///< the new fencing token, written just before
  std::uint64_t number = 0;
  std::uint64_t generation = 0;
  tick_seconds tick; ///< of now() in the last flush; 0: none
  std::vector<position> positions;
  std::vector<std::string> blocks; ///< the state log, oldest block first
  alert_subjects alerts;
  std::vector<std::string> alerts_known; ///< alerts that were declared
  bool lost = false;                     ///< Redis has lost blocks of the state log
};

/// A cell's fencing token and flush number, as this node last wrote them.
struct ledger_mark {
  owner_token owner;
  std::uint64_t number = 0;
};

enum class flush_verdict : std::uint8_t { done, fenced, stale };

} // namespace millrace
