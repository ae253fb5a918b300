#pragma once

/// What a node shows to others, and whom it believes: TLS 1.3 with a certificate
/// on both sides, of the cluster's own authority. Names in certificates aren't
/// compared: who has one is a node.

#include "actors/peers/tls_files.hpp"
#include "messages/error.hpp"

#include <openssl/ssl.h>

#include <chrono>
#include <memory>

namespace millrace::peers {

using ssl_ptr = std::unique_ptr<SSL, decltype(&SSL_free)>;

/// Loaded files. May be used by several threads at once.
class tls_context {
 public:
  /// An error (bad_setting) names the setting and what is wrong: a file that is
  /// missing or can't be read, a key of another certificate or one that others
  /// can read, a certificate of another authority or of another time.
  static result<std::shared_ptr<const tls_context>> load(const tls_files& x);

  ssl_ptr session() const { return {SSL_new(context_.get()), SSL_free}; }
  /// Returns when the certificate runs out.
  std::chrono::system_clock::time_point good_until() const;

 private:
  using context_ptr = std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)>;
  explicit tls_context(context_ptr context) : context_(std::move(context)) {}
  context_ptr context_;
};

} // namespace millrace::peers
