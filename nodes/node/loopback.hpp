#pragma once

/// A port of our own on loopback, for the HTTP interfaces of node and generator.

#include <httplib.h>

#include <atomic>
#include <cstdint>
#include <string>
#include <thread>

namespace millrace {

/// Whom a server on loopback answers.
struct loopback_door {
  std::uint16_t port = 0;
  std::string token; ///< what a POST brings; empty: every POST is refused
  std::string name;  ///< another name of this machine that requests may be meant for; empty: none
};

/// Has a server answer only requests that are meant for 127.0.0.1 and this port and come from no other
/// site, and refuse the others in words.
void guard_loopback(httplib::Server& server, const loopback_door& at);

/// An HTTP server on 127.0.0.1, in a thread of its own. A page in somebody's browser reaches it,
/// too, so it answers only requests that are meant for this address and come from no other site,
/// and takes nothing but short JSON. Every user of the machine may GET; POST needs the token.
/// What it refuses, it refuses in words: {"error": ...}.
class loopback_server {
 public:
  loopback_server() = default;
  ~loopback_server();
  loopback_server(const loopback_server&) = delete;
  loopback_server& operator=(const loopback_server&) = delete;

  /// What it answers; to be set before it serves.
  httplib::Server& routes() { return server_; }

  /// Serves at every address of this machine, and answers requests for this host too. Call it
  /// before `serve`. Only a private network may reach the port then.
  void answer_as(std::string host) { name_ = std::move(host); }

  /// Serves from now on. Returns false where somebody else has the port. `token`: what a POST
  /// has to bring, as `Authorization: Bearer TOKEN`; empty: every POST is refused.
  bool serve(std::uint16_t port, std::string token);
  /// Ends it: no request is under way afterwards.
  void stop();

 private:
  httplib::Server server_;
  std::thread thread_;
  std::string name_; ///< of this machine, for its network; empty: loopback alone
  std::atomic<bool> ended_{false};
};

} // namespace millrace
