#pragma once

/// Who is connected to a node's door, so that strangers can't pile up there.

#include <chrono>
#include <memory>
#include <vector>

namespace millrace::peers {

/// Whether a connection is still there, has said who it is, and when it last said something.
struct presence {
  int socket;
  std::chrono::steady_clock::time_point heard;
  bool greeted = false, gone = false;
};

/// Connections that others have made. They can't pile up: one that doesn't greet is ended after 10 s,
/// one that has greeted and then says nothing after 20 s (a node sends heartbeats), and where there
/// are too many, whoever has been silent for longest.
class connections {
 public:
  using clock = std::chrono::steady_clock;
  static constexpr std::chrono::seconds heartbeat{3};

  void add(std::shared_ptr<presence> x, clock::time_point now = clock::now());
  /// Ends those that have been silent for too long.
  void look(clock::time_point now = clock::now());

 private:
  void end_the_most_silent(bool greeted, std::size_t most);

  std::vector<std::shared_ptr<presence>> all_;
};

} // namespace millrace::peers
