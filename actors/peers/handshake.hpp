#pragma once

/// How two nodes verify each other.
///
///     client -> TLS 1.3, a certificate each <- server
///     client <- one byte: accepted          <- server
///
/// The byte is needed because a TLS 1.3 client completes the handshake before the server has checked
/// its certificate.

#include "actors/peers/tls_context.hpp"

#include <string>

namespace millrace::peers {

/// A handshake on a non-blocking socket. The socket must outlive it.
class handshake {
 public:
  enum class state { reads, writes, done, failed };

  static handshake as_server(const tls_context& how, int socket);
  static handshake as_client(const tls_context& how, int socket);

  /// Continues the handshake. Call it again when the socket is readable or writable, as the state says.
  state go_on();
  /// Returns why it failed, as text for a person.
  const std::string& why() const { return why_; }
  /// Returns the session of a finished handshake.
  ssl_ptr take() { return std::move(session_); }

 private:
  handshake(ssl_ptr session, bool serves) : session_(std::move(session)), serves_(serves) {}
  state after(int outcome);

  ssl_ptr session_;
  bool serves_;
  std::string why_;
};

} // namespace millrace::peers
