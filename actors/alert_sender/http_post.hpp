#pragma once

/// POSTs JSON to one receiver over a connection that is kept. For one thread: a call blocks it for up to
/// its limit, and 5 s more to connect.

#include "actors/alert_sender/answer.hpp"
#include "actors/alert_sender/http_target.hpp"

#include <chrono>
#include <map>
#include <memory>
#include <string>

namespace millrace {

class http_poster {
 public:
  /// The certificate of an https server is checked against the machine's CAs. `limit` is for a whole request
  /// over a connection, however slowly the server answers; a TLS handshake has only limits for each step.
  explicit http_poster(http_target to, std::chrono::milliseconds limit = std::chrono::seconds{20});
  ~http_poster();

  /// Sends the body, with these headers and the target's login. Follows no redirect, so that nobody else
  /// gets the message.
  http_answer post(const std::string& body, const std::map<std::string, std::string>& headers);

 private:
  struct impl;
  std::unique_ptr<impl> impl_;
};

} // namespace millrace
