#pragma once

/// What of the work is this node's.

#include "messages/error.hpp"
#include "messages/units.hpp"

#include <functional>
#include <map>
#include <set>
#include <string>
#include <utility>

namespace millrace {

/// This node's part: shards whose cells it serves, sources that its router reads.
struct assignment {
  std::set<shard_id> shards;
  std::set<source_id> sources;
  bool in_touch = true; ///< false: the shards may be somebody else's by now
  bool operator==(const assignment&) const = default;
};

/// Who decides about it: Kafka's groups, or nobody where there is one node.
struct assignment_source {
  /// Returns what is this node's now; may wait a moment for news. An error is one
  /// for a person (another node runs under this name) or means starting over.
  std::function<result<assignment>()> look;
  /// Leaves at once, so that others needn't wait.
  std::function<void()> leave;
};

/// The work of a node that is alone: all.
assignment_source all_of_it(std::uint16_t shards, std::set<source_id> sources);

/// Returns host and port of HOST:PORT; port 0 where it has none.
std::pair<std::string, std::uint16_t> split_address(const std::string& address);

/// Where other nodes are found: name -> HOST:PORT.
struct node_book {
  std::function<result<void>(const std::string& name, const std::string& address)> put;
  std::function<result<std::map<std::string, std::string>>()> list;
  std::function<result<void>(const std::string& name)> remove;
};

} // namespace millrace
