#pragma once

/// What to do with the ledger that is found at the start: go on, begin, begin
/// again, or refuse. Pure.

#include "actors/redis/store.hpp"

#include <string>

namespace millrace {

/// The format of ledger, state and results that this build writes.
inline constexpr const char* ledger_format = "2";

struct ledger_decision {
  enum class what : std::uint8_t {
    resume,  ///< the state is ours: go on
    change,  ///< the same, with figures that were applied: take it to them first
    begin,   ///< there is none: fill
    rebuild, ///< the state is of something else: take its places away, then fill
    refuse,  ///< a person has to decide
  };
  what verdict = what::resume;
  std::string reason; ///< a sentence for the log and for status
};

/// What this node would write.
struct wanted_ledger {
  bool plans_readable = true; ///< those that the ledger is of
  std::uint16_t shards = 0;
  std::string database; ///< PostgreSQL's system_identifier
};

ledger_decision decide(const redis::project_format& found, const wanted_ledger& want);

} // namespace millrace
