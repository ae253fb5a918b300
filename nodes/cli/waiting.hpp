#pragma once

/// Reports a verb's wait on stderr: what it waits for, since when, and what to do if the wait doesn't
/// end.

#include <chrono>
#include <string>

namespace millrace {

/// Verbs look this often for what they wait for, and wait this long for one answer of a server.
inline constexpr std::chrono::milliseconds look_interval{200};
inline constexpr std::chrono::seconds connect_timeout{15}, kafka_timeout{15};

/// Used by one thread. Each call of on() says what the verb waits for now.
class waiting {
 public:
  using clock = std::chrono::steady_clock;
  static constexpr std::chrono::seconds reminder{30};

  /// A wait shorter than `patience` isn't reported. `limit` is when the verb gives up.
  waiting(std::chrono::seconds patience, clock::time_point limit) : patience_(patience), limit_(limit) {}

  /// Reports a new wait, and repeats it every 30 s. `advice` says what to do if it doesn't end.
  void on(const std::string& what, const std::string& advice);

  /// Returns the duration of the current wait, in words.
  std::string so_long() const;

 private:
  std::chrono::seconds patience_;
  clock::time_point limit_;
  std::string what_;
  clock::time_point began_{}, said_{};
};

} // namespace millrace
