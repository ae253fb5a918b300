#pragma once

/// This node's part of the work.

#include "messages/error.hpp"
#include "messages/units.hpp"

#include <functional>
#include <map>
#include <set>
#include <string>
#include <utility>

namespace millrace {

/// Shards that this node serves, and partitions that its router reads.
struct assignment {
  std::set<shard_id> shards;
  std::set<source_id> sources;
  bool in_touch = true; ///< false: other nodes may own the shards by now
  bool operator==(const assignment&) const = default;
};

/// The source of assignments: Kafka's consumer groups; for a single node, a constant.
struct assignment_source {
  /// Returns this node's assignment now. Can wait for news for a short time. Error: a condition
  /// that the user must fix, such as another node of the same name, or one after which the node
  /// starts over.
  std::function<result<assignment>()> look;
  /// Leaves the groups at once, so that the others don't wait for a session timeout.
  std::function<void()> leave;
};

/// Returns the assignment of a single node: everything.
assignment_source all_of_it(std::uint16_t shards, std::set<source_id> sources);

/// Returns host and port of HOST:PORT; port 0 if there is none.
std::pair<std::string, std::uint16_t> split_address(const std::string& address);

/// The node registry: node name -> HOST:PORT.
struct node_book {
  std::function<result<void>(const std::string& name, const std::string& address)> put;
  std::function<result<std::map<std::string, std::string>>()> list;
  std::function<result<void>(const std::string& name)> remove;
};

} // namespace millrace
