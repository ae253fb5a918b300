#pragma once

/// What is wrong with a node and with what it watches, the worst first. Pure.

#include <nlohmann/json_fwd.hpp>

#include <cstdint>
#include <string>
#include <vector>

namespace millrace {

struct trouble {
  std::string id;         ///< the same as long as it lasts, whatever its words
  std::string what;       ///< "3 figures are incomplete"
  std::string why;        ///< what to know and to do
  std::int64_t since = 0; ///< unix seconds; 0 = not known by itself
};

/// Returns what is wrong, the worst first. `status` has figures, writer, cluster
/// and silent actors as put_together() shows them.
std::vector<trouble> troubles_of(const nlohmann::json& status);

/// Returns a trouble in a line: "3 figures are incomplete, for 2 min: ...".
std::string in_a_line(const trouble& x, std::int64_t now);

/// Returns a duration as people say it: 45 s, 2 min, 3 h, 2 days.
std::string in_words(std::int64_t seconds);

} // namespace millrace
