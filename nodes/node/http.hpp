#pragma once

/// A node's HTTP interface on loopback: /status, /healthz, /readyz, /metrics, /control, and the live page
/// (page.hpp).

#include "actors/interfaces.hpp"
#include "messages/error.hpp"

#include <chrono>
#include <memory>

namespace millrace {

class http_server {
 public:
  /// Listens on 127.0.0.1:`port`. An error says what is wrong with the port. A POST must contain `token`.
  /// With an empty token, every POST is refused. A node whose lag is above `ready_lag` isn't ready.
  static result<std::unique_ptr<http_server>> listen(std::uint16_t port, std::string token,
                                                     std::chrono::seconds ready_lag);
  ~http_server();

  /// From now on, answers from this node's actors. Before that, and after detach(), /status and /readyz
  /// report that the node is starting (`why`), /healthz is good, and /metrics has only the process.
  void attach(caf::actor_system& system, inspector_actor inspector);
  void detach(std::string why);

 private:
  struct impl;
  explicit http_server(std::unique_ptr<impl> x);
  std::unique_ptr<impl> impl_;
};

} // namespace millrace
