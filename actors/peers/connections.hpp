#pragma once

/// The open connections to a node's listener, so that unknown clients can't accumulate.

#include <chrono>
#include <memory>
#include <vector>

namespace millrace::peers {

/// The state of a connection: open or gone, greeted or not, and the time of its last received bytes.
struct presence {
  int socket;
  std::chrono::steady_clock::time_point heard;
  bool greeted = false, gone = false;
};

/// Connections that clients opened. A connection without a greeting is closed after 10 s. A greeted one is
/// closed after 20 s of silence, because a node sends heartbeats. Above 64 connections without a greeting,
/// or 256 with one, the one that has been silent the longest is closed.
class connections {
 public:
  using clock = std::chrono::steady_clock;
  static constexpr std::chrono::seconds heartbeat{3};

  void add(std::shared_ptr<presence> x, clock::time_point now = clock::now());
  /// Closes the connections that have been silent for too long.
  void look(clock::time_point now = clock::now());

 private:
  void end_the_most_silent(bool greeted, std::size_t most);

  std::vector<std::shared_ptr<presence>> all_;
};

} // namespace millrace::peers
