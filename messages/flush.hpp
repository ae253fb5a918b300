#pragma once

/// One cell's part of a flush: fence, number, positions, state and results go
/// to Redis in one atomic step.

#include "messages/delivery.hpp"
#include "messages/store_write.hpp"

#include <map>

namespace millrace {

/// A token that nobody ever used: 128 random bits, in hex.
using owner_token = std::string;

/// A place as its cell left it in Redis.
struct place_check {
  figure_id figure;
  std::string key, member;
  std::uint64_t fingerprint = 0; ///< of its content; 0: the place is absent
};

struct cell_flush {
  cell_id cell;
  owner_token owner;
  std::uint64_t number = 0;        ///< the ledger's must be number - 1
  std::vector<position> positions; ///< that moved since the last flush
  std::string block;               ///< state block to append; may be empty
  std::uint64_t generation = 0;    ///< of the log that `block` goes to
  /// A new copy of the state under generation + 1, written chunk by chunk.
  std::string copy_block;        ///< chunk to append to the copy
  bool copy_block_too = false;   ///< `block` goes to the copy as well
  std::uint64_t copy_length = 0; ///< > 0: switch to the copy, which must have this many blocks
  cell_output output;
  /// Tables whose read's rows came to the cell, which wasn't told of the read (`from` of
  /// the newest): the ledger has gone back to before it. What the stream removed
  /// meanwhile may be there again.
  std::map<table_id, lsn> unknown_reads;
  /// Places that the writer compares with Redis after this flush.
  std::vector<place_check> checks;
  bool checked_all = false; ///< `checks` ends a round over all places of the cell
};

/// What a cell finds in the ledger when it claims or reloads.
struct cell_ledger {
  cell_id cell;
  owner_token owner; ///< the new one, just written
  std::uint64_t number = 0;
  std::uint64_t generation = 0;
  std::vector<position> positions;
  std::vector<std::string> blocks; ///< the log, oldest first
  bool lost = false;               ///< the log isn't what was written: Redis lost blocks of it
};

/// How a cell's ledger was left: by whom, and under which number.
struct ledger_mark {
  owner_token owner;
  std::uint64_t number = 0;
};

enum class flush_verdict : std::uint8_t { done, fenced, stale };

} // namespace millrace
