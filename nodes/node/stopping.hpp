#pragma once

/// When a life of the node ends: a signal, or an actor that lost its footing.

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <string>

namespace millrace {

/// SIGTERM and SIGINT, taken from the moment that this is made.
class stop_signal {
 public:
  stop_signal();
  bool requested() const;
  /// Returns after `duration`, or at once when a stop is requested.
  void wait_for(std::chrono::milliseconds duration) const;
};

/// What actors tell the node; any thread may call.
class life_events {
 public:
  /// The first reason counts.
  void lost(std::string why);
  /// Returns the reason to start over, or nullopt when a stop is requested.
  std::optional<std::string> wait(const stop_signal& stop);

 private:
  std::mutex guard_;
  std::condition_variable changed_;
  std::optional<std::string> why_;
};

} // namespace millrace
