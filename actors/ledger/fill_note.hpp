#pragma once

/// What the ledger keeps of a fill: why there is one, and which figures and tables it is of.

#include "messages/units.hpp"

#include <string>
#include <vector>

namespace millrace {

/// What a fill has to remember through a crash; JSON in the ledger's format.
struct fill_note {
  std::string reason;               ///< why, in words
  lsn birth;                        ///< the log's end when the ledger was born; 0: the topics have every row
  lsn swept;                        ///< `from` of the newest read of all tables that was swept
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

} // namespace millrace
