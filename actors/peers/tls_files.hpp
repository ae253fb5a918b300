#pragma once

/// What TLS between nodes takes.

#include <string>

namespace millrace {

/// Files in PEM. All are given, or none.
struct tls_files {
  std::string certificate, key, authority;
  bool given() const { return !certificate.empty() || !key.empty() || !authority.empty(); }
};

} // namespace millrace
