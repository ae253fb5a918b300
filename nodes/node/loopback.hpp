#pragma once

/// An HTTP port on loopback, for the interfaces of node and generator.

#include "nodes/node/http_connection.hpp"

#include <atomic>
#include <cstdint>
#include <string>
#include <thread>

namespace millrace {

/// Which requests a server on loopback answers.
struct loopback_door {
  std::uint16_t port = 0;
  std::string token; ///< that a POST must contain; empty: every POST is refused
  std::string name;  ///< another host name of this machine that requests can use; empty: none
};

/// Makes a server answer only requests to 127.0.0.1 and this port, or to the other name, and none from
/// another site. It refuses the others with an error text.
void guard_loopback(httplib::Server& server, const loopback_door& at);

/// An HTTP server on 127.0.0.1, in its own thread. A page in a user's browser can reach it. So it answers
/// only requests that are addressed to it and come from no other site, and accepts only short JSON.
/// Every user of the machine may GET; POST needs the token. A refusal is {"error": ...}.
class loopback_server {
 public:
  loopback_server() = default;
  ~loopback_server();
  loopback_server(const loopback_server&) = delete;
  loopback_server& operator=(const loopback_server&) = delete;

  /// The routes. Add them before serve().
  httplib::Server& routes() { return server_; }

  /// Serves on every address of this machine, and also answers requests to `host`. Call it before serve().
  /// The port must then be reachable from a private network only.
  void answer_as(std::string host) { name_ = std::move(host); }

  /// Starts to serve. Returns false if another process has the port. A POST must contain `token` as
  /// `Authorization: Bearer TOKEN`. With an empty token, every POST is refused.
  bool serve(std::uint16_t port, std::string token);
  /// Stops serving. Returns when no request is in progress.
  void stop();

 private:
  bounded_server server_;
  std::thread thread_;
  std::string name_; ///< this machine's name in its network; empty: loopback only
  std::atomic<bool> ended_{false};
};

} // namespace millrace
