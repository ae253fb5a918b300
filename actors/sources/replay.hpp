#pragma once

/// Replaying dead letters: their rows are read again from PostgreSQL, because later records of the rows may
/// have been applied.

#include "actors/sources/letter_box.hpp"

#include <functional>

namespace millrace {

class replay {
 public:
  /// Called for each letter with how it was resolved, or why it wasn't.
  using teller = std::function<void(const dead_letter&, const result<std::string>&)>;

  virtual ~replay() = default;

  /// Replays open letters, many rows at a time, and resolves those that it can. Returns how many are left.
  virtual int all(const std::vector<dead_letter>& letters, const teller& told) = 0;
};

} // namespace millrace
