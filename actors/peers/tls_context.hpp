#pragma once

/// A node's certificate, and the CA that it trusts. TLS 1.3 with certificates of the cluster's own CA on
/// both sides. A node trusts every certificate of the CA, whatever its name.

#include "actors/peers/tls_files.hpp"
#include "messages/error.hpp"

#include <openssl/ssl.h>

#include <chrono>
#include <memory>

namespace millrace::peers {

using ssl_ptr = std::unique_ptr<SSL, decltype(&SSL_free)>;

/// The loaded files. Several threads may use it at once.
class tls_context {
 public:
  /// Loads the files. An error (bad_setting) names the setting and the problem: a file that is missing or
  /// unreadable, a key of another certificate, a key that other users can read, a certificate of another
  /// CA, or one that isn't valid now.
  static result<std::shared_ptr<const tls_context>> load(const tls_files& x);

  ssl_ptr session() const { return {SSL_new(context_.get()), SSL_free}; }
  /// Returns the common name of this process's own certificate; empty: it has none.
  std::string name() const;
  /// Returns when the certificate expires.
  std::chrono::system_clock::time_point good_until() const;

 private:
  using context_ptr = std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)>;
  explicit tls_context(context_ptr context) : context_(std::move(context)) {}
  context_ptr context_;
};

} // namespace millrace::peers
