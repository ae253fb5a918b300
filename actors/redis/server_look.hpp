#pragma once

/// What Redis reports about itself, and which of its settings a project can't use: a Redis cluster,
/// a replica, eviction of keys, no persistence.

#include "actors/redis/client.hpp"

#include <optional>
#include <string>
#include <vector>

namespace millrace::redis {

/// The facts in Redis's INFO.
struct server_facts {
  bool told = true;            ///< false: this user may not run INFO
  std::string user;            ///< the user of the connection; empty: default
  bool cluster = false;        ///< cluster-enabled
  std::string primary;         ///< HOST:PORT of the server that it replicates; empty: it isn't a replica
  std::string policy;          ///< maxmemory-policy
  std::uint64_t maxmemory = 0; ///< bytes; 0: unlimited
  std::uint64_t evicted = 0;   ///< number of keys, since the server started
  std::string run;             ///< run ID, new at each start
  bool appends = true;         ///< it has an append-only file
  std::optional<bool> saves;   ///< it takes snapshots (RDB) by itself; nullopt: unknown
  /// Redis has restarted, and this user may not tell it to rewrite its append-only file.
  bool keeps_halves = false;

  /// Returns whether Redis evicts keys when its memory is full.
  bool evicts() const { return maxmemory > 0 && !policy.empty() && policy != "noeviction"; }
};

/// A property of the server that the user should know.
struct finding {
  enum class severity : std::uint8_t {
    refuse, ///< the node can't use this server
    warn,   ///< it works, but figures can be lost
  };
  severity weight = severity::warn;
  std::string what; ///< what it means, and what to do
};

/// Parses INFO's text: sections server, replication, persistence, memory, cluster and stats.
server_facts facts_of(const std::string& info);

/// Returns the findings, worst first.
std::vector<finding> judge(const server_facts& x);

/// Runs INFO. Error: unavailable. If the user may not run it, the facts say so.
result<server_facts> look_at_server(client& connection);

} // namespace millrace::redis
