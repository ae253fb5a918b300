#pragma once

/// How two nodes find out that the other is one.
///
///     client -> TLS 1.3, a certificate each <- server
///     client <- one byte: you are in       <- server
///
/// The byte is there since a client of TLS 1.3 is done before the server has
/// looked at its certificate.

#include "actors/peers/tls_context.hpp"

#include <string>

namespace millrace::peers {

/// On a socket that doesn't block, and that outlives it.
class handshake {
 public:
  enum class state { reads, writes, done, failed };

  static handshake as_server(const tls_context& how, int socket);
  static handshake as_client(const tls_context& how, int socket);

  /// To be called again when the socket can be read, or written, as the answer says.
  state go_on();
  /// Returns why it failed, for a person.
  const std::string& why() const { return why_; }
  /// Returns the session of a handshake that is done.
  ssl_ptr take() { return std::move(session_); }

 private:
  handshake(ssl_ptr session, bool serves) : session_(std::move(session)), serves_(serves) {}
  state after(int outcome);

  ssl_ptr session_;
  bool serves_;
  std::string why_;
};

} // namespace millrace::peers
