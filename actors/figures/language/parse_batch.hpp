#pragma once

/// Checks that a batch figure's text is one SELECT that changes nothing, and finds the functions that
/// it calls. PostgreSQL itself checks the rest.

#include <string>
#include <vector>

namespace millrace {

/// A function as a query calls it.
struct called_function {
  std::string schema; ///< empty: by the search path
  std::string name;
  bool operator==(const called_function&) const = default;
};

/// Returns the functions that the statement calls by name, each once. Functions behind operators, casts
/// and views aren't among them. Throws figure_refused.
std::vector<called_function> parse_batch(const std::string& sql);

} // namespace millrace
