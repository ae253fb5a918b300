#pragma once

/// Why the node process exits: a signal, or an actor that can't continue.

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <string>

namespace millrace {

/// Catches SIGTERM and SIGINT from its construction on.
class stop_signal {
 public:
  stop_signal();
  bool requested() const;
  /// Returns after `duration`, or as soon as a stop is requested.
  void wait_for(std::chrono::milliseconds duration) const;
};

/// Reports from actors to the node. Any thread may call it.
class life_events {
 public:
  /// Reports that an actor can't continue. Only the first reason counts.
  void lost(std::string why);
  /// Waits. Returns the first reason, or nullopt if a stop is requested.
  std::optional<std::string> wait(const stop_signal& stop);

 private:
  std::mutex guard_;
  std::condition_variable changed_;
  std::optional<std::string> why_;
};

} // namespace millrace
