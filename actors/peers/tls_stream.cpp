#include "actors/peers/tls_stream.hpp"

#include <openssl/err.h>

namespace millrace::peers {

namespace {

moved outcome_of(SSL& tls, int returned) {
  if (returned == 1)
    return moved::some;
  auto why = SSL_get_error(&tls, returned);
  return why == SSL_ERROR_WANT_READ || why == SSL_ERROR_WANT_WRITE ? moved::none_yet : moved::broken;
}

} // namespace

moved read(SSL& tls, void* into, std::size_t size, std::size_t& done) {
  done = 0;
  if (size == 0)
    return moved::none_yet;
  ERR_clear_error(); // removes errors of other connections
  return outcome_of(tls, SSL_read_ex(&tls, into, size, &done));
}

moved write(SSL& tls, const void* from, std::size_t size, std::size_t& done) {
  done = 0;
  if (size == 0)
    return moved::none_yet;
  ERR_clear_error();
  return outcome_of(tls, SSL_write_ex(&tls, from, size, &done));
}

} // namespace millrace::peers
