#pragma once

/// One cell's part of a flush. Fencing token, flush number, positions, state and results go to
/// Redis in one atomic write.

#include "messages/delivery.hpp"
#include "messages/store_write.hpp"

#include <map>

namespace millrace {

/// A fencing token: 128 random bits in hex, new at every claim.
using owner_token = std::string;

/// What a cell last wrote to a place.
struct place_check {
  figure_id figure;
  std::string key, member;
  std::uint64_t fingerprint = 0; ///< hash of the content; 0: the place is absent
};

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
  std::vector<position> positions;
  std::vector<std::string> blocks; ///< the state log, oldest block first
  bool lost = false;               ///< Redis has lost blocks of the state log
};

/// A cell's fencing token and flush number, as this node last wrote them.
struct ledger_mark {
  owner_token owner;
  std::uint64_t number = 0;
};

enum class flush_verdict : std::uint8_t { done, fenced, stale };

} // namespace millrace
