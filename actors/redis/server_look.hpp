#pragma once

/// What Redis tells of itself, and what of it a project can't live with: a cluster or a
/// replica, keys that are evicted, data that a restart loses.

#include "actors/redis/client.hpp"

#include <optional>
#include <string>
#include <vector>

namespace millrace::redis {

/// Redis by its own words (INFO).
struct server_facts {
  bool told = true;            ///< false: this user may not ask
  std::string user;            ///< as whom we asked; empty: default
  bool cluster = false;        ///< cluster-enabled
  std::string primary;         ///< HOST:PORT that it is a replica of; empty: it is none
  std::string policy;          ///< maxmemory-policy
  std::uint64_t maxmemory = 0; ///< bytes; 0: no limit
  std::uint64_t evicted = 0;   ///< keys, since the server started
  std::string run;             ///< a name of the server's own, another at each start
  bool appends = true;         ///< it has an append-only file
  std::optional<bool> saves;   ///< it takes snapshots (RDB) by itself; nullopt: unknown
  /// It has started again, and we may not ask it to rewrite its append-only file.
  bool keeps_halves = false;

  /// Tells whether Redis deletes keys by itself where memory runs short.
  bool evicts() const { return maxmemory > 0 && !policy.empty() && policy != "noeviction"; }
};

/// Something about the server that a person should know.
struct finding {
  enum class severity : std::uint8_t {
    refuse, ///< nothing can be served from there
    warn,   ///< it works, and figures may go
  };
  severity weight = severity::warn;
  std::string what; ///< what it means, and what to do
};

/// Reads INFO's text: sections server, replication, persistence, memory, cluster, stats.
server_facts facts_of(const std::string& info);

/// Returns what is wrong with it, the worst first.
std::vector<finding> judge(const server_facts& x);

/// Asks the server. Errors: unavailable; a user who may not ask is a fact.
result<server_facts> look_at_server(client& connection);

} // namespace millrace::redis
