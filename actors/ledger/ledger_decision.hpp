#pragma once

/// What to do with the ledger found at the start: resume, change, begin, rebuild or refuse. Pure.

#include "actors/redis/store.hpp"

#include <string>

namespace millrace {

/// The format of ledger, state and results in this build.
inline constexpr const char* ledger_format = "2";

struct ledger_decision {
  enum class what : std::uint8_t {
    resume,  ///< the state matches: continue
    change,  ///< the state matches, but plans are pending: change to them first
    begin,   ///< there is no ledger: fill
    rebuild, ///< the state doesn't match: delete its places, then fill
    refuse,  ///< the user must decide
  };
  what verdict = what::resume;
  std::string reason; ///< a sentence for the log and for status
};

/// The ledger that this node would write.
struct wanted_ledger {
  bool plans_readable = true; ///< this build can read the ledger's plans
  std::uint16_t shards = 0;
  std::string database; ///< PostgreSQL's system_identifier
};

ledger_decision decide(const redis::project_format& found, const wanted_ledger& want);

} // namespace millrace
