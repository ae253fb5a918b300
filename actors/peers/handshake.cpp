#include "actors/peers/handshake.hpp"

#include <openssl/err.h>
#include <openssl/sslerr.h>
#include <openssl/x509_vfy.h>

namespace millrace::peers {

namespace {

constexpr char welcome = 'W';

/// Returns whether the error is an alert from the other end: its reason is at least the offset.
bool is_alert(unsigned long code) { return ERR_GET_REASON(code) >= SSL_AD_REASON_OFFSET; }

std::string in_words(const SSL* session) {
  auto code = ERR_peek_error();
  auto* reason = code ? ERR_reason_error_string(code) : nullptr;
  if (auto verdict = SSL_get_verify_result(session); verdict != X509_V_OK)
    return std::string("its certificate isn't signed by this project's CA: ")
           + X509_verify_cert_error_string(verdict);
  if (!reason)
    return "it closed the connection before it sent a certificate";
  return std::string(is_alert(code) ? "it rejected this node: " : "the TLS handshake failed: ") + reason;
}

} // namespace

handshake handshake::as_server(const tls_context& how, int socket) {
  handshake out(how.session(), true);
  SSL_set_fd(out.session_.get(), socket);
  SSL_set_accept_state(out.session_.get());
  return out;
}

handshake handshake::as_client(const tls_context& how, int socket) {
  handshake out(how.session(), false);
  SSL_set_fd(out.session_.get(), socket);
  SSL_set_connect_state(out.session_.get());
  return out;
}

handshake::state handshake::go_on() {
  ERR_clear_error();
  auto* session = session_.get();
  if (!SSL_is_init_finished(session))
    if (auto outcome = SSL_do_handshake(session); outcome != 1)
      return after(outcome);
  char byte = welcome;
  auto outcome = serves_ ? SSL_write(session, &byte, 1) : SSL_read(session, &byte, 1);
  return outcome == 1 ? state::done : after(outcome);
}

handshake::state handshake::after(int outcome) {
  switch (SSL_get_error(session_.get(), outcome)) {
  case SSL_ERROR_WANT_READ:
    return state::reads;
  case SSL_ERROR_WANT_WRITE:
    return state::writes;
  default:
    why_ = in_words(session_.get());
    return state::failed;
  }
}

} // namespace millrace::peers
