#pragma once

/// What the nodes of a cluster answer to the shell.

#include "messages/reports.hpp"

#include <optional>
#include <string>
#include <vector>

namespace millrace::shell {

/// A node's answer, or why there is none.
template <class Answer>
struct told {
  std::string node;    ///< its name; empty: it hasn't told it
  std::string address; ///< HOST:PORT
  std::optional<Answer> answer;
  std::string why;      ///< why there is no answer, and what to do
  bool refused = false; ///< it answered that it can't

  /// Returns how to call the node: by its name, or by its address.
  const std::string& called() const { return node.empty() ? address : node; }
};

/// The answers of all known nodes, by name.
template <class Answer>
using answers = std::vector<told<Answer>>;

using reports = answers<node_report>;

} // namespace millrace::shell
