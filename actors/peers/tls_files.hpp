#pragma once

/// The files for TLS between nodes.

#include <string>

namespace millrace {

/// PEM files. Either all are set, or none.
struct tls_files {
  std::string certificate, key, authority;
  bool given() const { return !certificate.empty() || !key.empty() || !authority.empty(); }
};

} // namespace millrace
