#pragma once

/// Fill progress: what the ledger keeps of a fill for a restart.

#include "messages/units.hpp"

#include <string>
#include <vector>

namespace millrace {

/// The reason of a fill, its figures and its tables; JSON in the ledger's format.
struct fill_note {
  std::string reason; ///< as text
  lsn birth;          ///< end of the WAL when the ledger was created; 0: the topics have every row
  lsn swept;          ///< `from` of the newest read of all tables that has been swept
  std::vector<std::string> figures; ///< figures that fill while the others are live; empty: all fill
  std::vector<std::string> tables;  ///< tables of which they lack rows, by SCHEMA.TABLE
};

/// Fill progress in the ledger.
struct saved_note {
  bool live = false; ///< the fill has ended
  fill_note note;
};

std::string to_json(const fill_note& note);
/// Parses the JSON. A text that isn't fill progress gives an empty note.
fill_note fill_note_from_json(const std::string& text);

} // namespace millrace
