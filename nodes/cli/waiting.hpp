#pragma once

/// What a verb waits for, as a person at the terminal sees it: for what, since
/// when, and what to do if it stays. All of it goes to stderr.

#include <chrono>
#include <string>

namespace millrace {

/// Used by one thread. Each call says what is waited for now.
class waiting {
 public:
  using clock = std::chrono::steady_clock;
  static constexpr std::chrono::seconds reminder{30};

  /// `patience`: a wait that is shorter is nothing to speak of. `limit`: when the
  /// verb gives up.
  waiting(std::chrono::seconds patience, clock::time_point limit) : patience_(patience), limit_(limit) {}

  /// Says it where it is new, and again every half minute. `advice`: what to do
  /// if it stays.
  void on(const std::string& what, const std::string& advice);

  /// Returns for how long it has been waited for the same, in words.
  std::string so_long() const;

 private:
  std::chrono::seconds patience_;
  clock::time_point limit_;
  std::string what_;
  clock::time_point began_{}, said_{};
};

} // namespace millrace
